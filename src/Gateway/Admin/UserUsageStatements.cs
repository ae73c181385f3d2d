namespace Gateway.Admin;

/// <summary>
/// What was charged for each person, as rows (day, tenant, person, generations, images, micros) after a cursor in this
/// order. The person <c>''</c> is the rest of the balance: requests that name nobody. So all persons together are
/// exactly the tenant's balance.
/// </summary>
/// <remarks>Each half is read by an index, and at most to the limit.</remarks>
internal static class UserUsageStatements
{
    private const string After = "(period, tenant) > (@from, @tenant) and period <= @to and length(period) = 10";
    private const string InRange = "day >= @from and day <= @to";

    public static string For(UsageQuery query) =>
        (query.ByTenant, query.ByDay) switch
        {
            (true, true) => Merge(
                "select day, tenant, user_label, generations, images, micros from user_charge "
                    + "where (day, tenant, user_label) > (@from, @tenant, @user) and day <= @to order by day, tenant, user_label limit @limit",
                Rest("period", "w.tenant", $"tenant <> '*' and {After}", "u.day = w.period and u.tenant = w.tenant")
            ),
            (false, true) => Merge(
                "select day, '*' as tenant, user_label, sum(generations) as generations, sum(images) as images, sum(micros) as micros from user_charge "
                    + "where (day, user_label) > (@from, @user) and day <= @to group by day, user_label order by day, user_label limit @limit",
                Rest("period", "w.tenant", $"tenant = '*' and {After}", "u.day = w.period")
            ),
            (true, false) => Merge(
                "select @from as day, tenant, user_label, sum(generations) as generations, sum(images) as images, sum(micros) as micros from user_charge "
                    + $"where (tenant, user_label) > (@tenant, @user) and {InRange} group by tenant, user_label order by tenant, user_label limit @limit",
                Totals("(select tenant from counter where tenant > @tenant order by tenant limit @limit)", "u.tenant = c.tenant and ")
            ),
            _ => Merge(
                "select @from as day, '*' as tenant, user_label, sum(generations) as generations, sum(images) as images, sum(micros) as micros "
                    + $"from user_charge where user_label > @user and {InRange} group by user_label order by user_label limit @limit",
                Totals("(select '*' as tenant where '*' > @tenant)", "")
            ),
        };

    /// <summary>Both in the same order: the first rows of the two together are among the first rows of each.</summary>
    private static string Merge(string named, string rest) =>
        $"select * from (select * from ({named}) as named union all select * from ({rest}) as rest) as both_of_them "
        + "order by 1, 2, 3 limit @limit";

    private static string Rest(string day, string tenant, string condition, string named) =>
        $"select {day} as day, {tenant} as tenant, '' as user_label, {Less("generations", "generations", named)}, "
        + $"{Less("images_spent", "images", named)}, {Less("micros_spent", "micros", named)} "
        + $"from quota_window w where {condition} order by period, tenant limit @limit";

    private static string Less(string spent, string column, string named) =>
        $"w.{spent} - (select coalesce(sum(u.{column}), 0) from user_charge u where {named}) as {column}";

    private static string Totals(string tenants, string named) =>
        $"select @from as day, c.tenant, '' as user_label, {Total("generations", "generations", named)}, {Total("images_spent", "images", named)}, "
        + $"{Total("micros_spent", "micros", named)} from {tenants} as c order by c.tenant";

    private static string Total(string spent, string column, string named) =>
        $"(select coalesce(sum({spent}), 0) from quota_window w where w.tenant = c.tenant and period >= @from and period <= @to and length(period) = 10) "
        + $"- (select coalesce(sum({column}), 0) from user_charge u where {named}{InRange}) as {column}";
}
