using Gateway.Tenants;

namespace Gateway.Ledger.Rules;

/// <summary>The quotas of a tenant and of the organisation, as they stand in what was loaded.</summary>
internal static class QuotaCalculator
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    public static IReadOnlyList<QuotaStatus> Calculate(LedgerUnitOfWork state, Tenant tenant, QuotaLimits organization) =>
        [
            RequestsPerMinute(state, tenant),
            .. Windows("", tenant.Id, state, tenant.Quota),
            ConcurrentGenerations(state, tenant),
            JobsQueued(state, tenant),
            .. Windows(QuotaStatus.Organization, WindowRow.OrganizationKey, state, organization),
        ];

    /// <summary>
    /// What applies when a job is sent: its tenant's requests of the minute, and generations at once.
    /// </summary>
    public static bool AdmitsNow(LedgerUnitOfWork state, Tenant tenant) =>
        RequestsPerMinute(state, tenant).Admits(0, 0) && ConcurrentGenerations(state, tenant).Admits(0, 0);

    private static QuotaStatus RequestsPerMinute(LedgerUnitOfWork state, Tenant tenant)
    {
        var minute = state.MinuteOf(tenant.Id)!;
        var requests = minute.Count(state.Counter(tenant.Id)!.Sequence);
        // A limit lowered below what the minute holds: there is no room yet when the oldest request leaves it.
        var oldest = requests > tenant.Quota.RequestsPerMinute ? state.Now : minute.Oldest;
        return new QuotaStatus(
            QuotaStatus.RequestsMinute,
            QuotaStatus.Requests,
            tenant.Quota.RequestsPerMinute,
            requests,
            0,
            requests > 0 ? (oldest ?? state.Now) + Minute.Length : null,
            Minute.Length,
            state.Now
        );
    }

    private static QuotaStatus ConcurrentGenerations(LedgerUnitOfWork state, Tenant tenant) =>
        new(
            QuotaStatus.ConcurrentGenerations,
            QuotaStatus.Generations,
            tenant.Quota.ConcurrentGenerations,
            state.Counter(tenant.Id)!.Active,
            0,
            null,
            null,
            state.Now
        );

    private static QuotaStatus JobsQueued(LedgerUnitOfWork state, Tenant tenant) =>
        new(QuotaStatus.JobsQueued, QuotaStatus.Jobs, tenant.Quota.JobsQueued, state.Counter(tenant.Id)!.Queued, 0, null, null, state.Now);

    /// <summary>Images of the day and of the month, and dollars of the month.</summary>
    private static QuotaStatus[] Windows(string prefix, string key, LedgerUnitOfWork state, QuotaLimits limits)
    {
        var now = state.Now;
        var (day, month) = (state.Window(key, state.Day), state.Window(key, state.Month));
        var (dayEnd, monthEnd) = (Period.DayEnd(now), Period.MonthEnd(now));
        var monthLength = monthEnd - Period.MonthStart(now);
        return
        [
            Images(QuotaStatus.ImagesDay, limits.ImagesPerDay, day, dayEnd, Day),
            Images(QuotaStatus.ImagesMonth, limits.ImagesPerMonth, month, monthEnd, monthLength),
            new(
                prefix + QuotaStatus.UsdMonth,
                QuotaStatus.Micros,
                limits.MicrosPerMonth + month.MicrosGranted,
                month.MicrosSpent,
                month.MicrosHeld,
                monthEnd,
                monthLength,
                now
            )
            {
                Granted = month.MicrosGranted,
            },
        ];

        QuotaStatus Images(string name, long? limit, WindowRow row, DateTimeOffset ends, TimeSpan length) =>
            new(prefix + name, QuotaStatus.Images, limit + row.ImagesGranted, row.ImagesSpent, row.ImagesHeld, ends, length, now)
            {
                Granted = row.ImagesGranted,
            };
    }
}
