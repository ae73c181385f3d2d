using Gateway.Admin;
using Gateway.Edge.Http;
using Gateway.Ledger;
using Gateway.Ledger.Rules;
using Gateway.Tests.Harness;
using Gateway.Tests.Ledger;
using static Gateway.Tests.Harness.LedgerHarness;

namespace Gateway.Tests.Admin;

/// <summary>What was charged for whom, on each engine.</summary>
public abstract class UserUsageContract : LedgerTest
{
    private static readonly DateOnly First = new(2026, 11, 22);

    private static readonly (bool ByTenant, bool ByDay)[] Combinations = [(true, true), (true, false), (false, true), (false, false)];

    /// <summary>Two tenants and three days with 700 persons each, and balances of 1000 images.</summary>
    private const string Fill = """
        insert into counter (tenant, sequence, active) values ('t1', 0, 0), ('t2', 0, 0);
        with recursive n(n) as (select 1 union all select n + 1 from n where n < 700),
          t(t) as (select 't1' union all select 't2'),
          d(d) as (select '2026-11-22' union all select '2026-11-23' union all select '2026-11-29')
        insert into user_charge select d, t, 'user-' || (n + 1000), 1, 1, 1 from n cross join t cross join d;
        with t(t, n) as (select 't1', 1 union all select 't2', 1 union all select '*', 2),
          d(d) as (select '2026-11-22' union all select '2026-11-23' union all select '2026-11-29')
        insert into quota_window select t, d, 0, n * 1000, 0, n * 1000, n * 1000, 0, 0 from t cross join d
        """;

    [Fact]
    public async Task Each_charge_counts_for_the_person_named_and_all_persons_are_exactly_the_balance()
    {
        var ledger = await Harness.StartAsync();
        await MakeAsync(ledger, "a", "alice", 2);
        await MakeAsync(ledger, "a", "alice", 1);
        await MakeAsync(ledger, "a", "bob", 4);
        await MakeAsync(ledger, "a", null, 1);
        await MakeAsync(ledger, "b", "alice", 8);
        await ledger.ReleaseAsync((await AdmitAsync(ledger, "a", "carol", 1)).ReservationId, Refused);
        await Harness.AdvanceAsync(TimeSpan.FromDays(1));
        await MakeAsync(ledger, "a", "bob", 1);

        var lines = await ReadAsync(ledger, byTenant: true, byDay: true);
        lines.ShouldBe([
            "2026-11-22 a : 1 1 10000",
            "2026-11-22 a alice: 2 3 30000",
            "2026-11-22 a bob: 1 4 40000",
            "2026-11-22 b alice: 1 8 80000",
            "2026-11-23 a bob: 1 1 10000",
        ]);
        (await ReadAsync(ledger, byTenant: true, byDay: false)).ShouldBe([
            "2026-11-22 a : 1 1 10000",
            "2026-11-22 a alice: 2 3 30000",
            "2026-11-22 a bob: 2 5 50000",
            "2026-11-22 b alice: 1 8 80000",
        ]);
        (await ReadAsync(ledger, byTenant: false, byDay: true)).ShouldBe([
            "2026-11-22 * : 1 1 10000",
            "2026-11-22 * alice: 3 11 110000",
            "2026-11-22 * bob: 1 4 40000",
            "2026-11-23 * bob: 1 1 10000",
        ]);
        (await ReadAsync(ledger, byTenant: false, byDay: false)).ShouldBe([
            "2026-11-22 * : 1 1 10000",
            "2026-11-22 * alice: 3 11 110000",
            "2026-11-22 * bob: 2 5 50000",
        ]);
    }

    [Fact]
    public async Task An_outcome_that_is_decided_later_is_counted_once_and_taken_back()
    {
        var ledger = await Harness.StartAsync();
        var (spent, absent, found) = (
            await UnknownAsync(ledger, "alice"),
            await UnknownAsync(ledger, "alice"),
            await UnknownAsync(ledger, "alice")
        );
        (await ReadAsync(ledger, byTenant: false, byDay: false)).ShouldBeEmpty("nothing is charged yet");
        foreach (var id in (Guid[])[spent, absent, found])
            (await ledger.ReconcileAsync(id, new ReconciliationResult.Spent("cannot tell"))).ShouldBeTrue();
        (await ReadAsync(ledger, byTenant: false, byDay: false)).ShouldBe(["2026-11-22 * alice: 0 3 30000"]);

        (await ledger.ReconcileAsync(absent, new ReconciliationResult.Absent(Refused, "not there", ByOperator: true))).ShouldBeTrue();
        (await ledger.ReconcileAsync(found, new ReconciliationResult.Found(Cost("g-found"), "there"))).ShouldBeTrue();

        (await ReadAsync(ledger, byTenant: false, byDay: false)).ShouldBe(["2026-11-22 * alice: 1 2 20000"]);
    }

    [Fact]
    public async Task Many_persons_are_read_in_batches_without_losing_or_repeating_one()
    {
        var ledger = await Harness.StartAsync();
        await RunAsync(ledger, Fill);

        foreach (var (byTenant, byDay) in Combinations)
        {
            var lines = await ReadAsync(ledger, byTenant, byDay);
            lines.Distinct(StringComparer.Ordinal).Count().ShouldBe(lines.Count);
            var (tenants, days) = (byTenant ? 2 : 1, byDay ? 3 : 1);
            // And what names nobody: a row for each group.
            lines.Count.ShouldBe(tenants * days * 701);
            lines.ShouldBe(lines.Order(StringComparer.Ordinal));
            lines.Sum(line => long.Parse(line.Split(' ')[^2], System.Globalization.CultureInfo.InvariantCulture)).ShouldBe(2 * 3 * 1000);
        }
        // The audit must find nothing that no reservation explains.
        await RunAsync(ledger, "delete from quota_window; delete from user_charge; delete from counter");
    }

    private static Task<Admission.Admitted> AdmitAsync(QuotaLedger ledger, string tenant, string? user, int images) =>
        ledger.AdmittedAsync(
            Request(Tenant(tenant), images, images * 10_000, body: Guid.NewGuid().ToString()) with
            {
                Origin = new RequestOrigin(user),
            }
        );

    private static async Task MakeAsync(QuotaLedger ledger, string tenant, string? user, int images)
    {
        var admitted = await AdmitAsync(ledger, tenant, user, images);
        await ledger.SettleAsync(admitted.ReservationId, Cost(Guid.NewGuid().ToString(), images * 10_000));
    }

    private static async Task<Guid> UnknownAsync(QuotaLedger ledger, string user)
    {
        var admitted = await AdmitAsync(ledger, "a", user, 1);
        await ledger.UnknownAsync(admitted.ReservationId, Unclear);
        return admitted.ReservationId;
    }

    /// <returns>Every row of every batch.</returns>
    private async Task<List<string>> ReadAsync(QuotaLedger ledger, bool byTenant, bool byDay)
    {
        var usage = new UsageReader(Harness.DatabaseOf(ledger));
        var query = new UsageQuery(First, First.AddDays(7), byTenant, byDay, ByUser: true);
        var rows = new List<UsageRow>();
        UsageCursor? next = null;
        do
        {
            var batch = await usage.ReadAsync(query, next, CancellationToken.None);
            batch.Rows.Count.ShouldBeLessThanOrEqualTo(1000);
            rows.AddRange(batch.Rows);
            next = batch.Next;
        } while (next is not null);
        return [.. rows.Select(row => $"{row.Day} {row.Tenant} {row.User}: {row.Generations} {row.Images} {row.Micros}")];
    }

    private Task RunAsync(QuotaLedger ledger, string sql) =>
        Harness
            .DatabaseOf(ledger)
            .WriteAsync(
                async (connection, transaction, cancellationToken) =>
                {
                    await using var command = connection.CreateCommand();
                    command.Transaction = transaction;
#pragma warning disable CA2100 // the test's own
                    command.CommandText = sql;
#pragma warning restore CA2100
                    return await command.ExecuteNonQueryAsync(cancellationToken);
                },
                CancellationToken.None
            );
}

public sealed class SqliteUserUsageTests : UserUsageContract
{
    private protected override Task<LedgerHarness> CreateAsync() => SqliteHarness.CreateAsync();
}

public sealed class PostgreSqlUserUsageTests : UserUsageContract
{
    private protected override Task<LedgerHarness> CreateAsync() => PostgreSqlHarness.CreateAsync();
}
