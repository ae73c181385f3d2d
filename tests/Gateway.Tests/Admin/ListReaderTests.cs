using Gateway.Admin;
using Gateway.Storage;
using Gateway.Tests.Harness;
using Gateway.Tests.Storage;

namespace Gateway.Tests.Admin;

/// <summary>Lists of operators are read in parts, and together the parts are whole.</summary>
public sealed class ListReaderTests
{
    private const int Size = 2_000;

    public static TheoryData<string> Engines => ["sqlite", "postgresql"];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Every_list_of_reservations_is_complete_and_newest_first(string engine)
    {
        await using var store = await CreateAsync(engine, Size);
        var all = await store.ReadAsync(
            $"select id, tenant, state, {StuckSql} from reservation order by id desc",
            row => (Id: row.GetId(0).ToString(), Tenant: row.GetString(1), State: row.GetString(2)[0], IsStuck: row.GetNumber(3) == 1)
        );

        foreach (var tenant in (string?[])[null, "a", "b", "nobody"])
        {
            foreach (var state in ReservationReader.StateNames.Append(null))
            {
                var expected = all.Where(row =>
                    (tenant is null || row.Tenant == tenant)
                    && (state == "stuck" ? row.IsStuck : state is null || LettersOf(state).Contains(row.State, StringComparison.Ordinal))
                );
                (await ListAsync(store, tenant, state, limit: 97)).ShouldBe(expected.Select(row => row.Id), $"{tenant} {state}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_filter_without_an_index_reads_a_bounded_number_of_rows_and_says_where_to_read_on(string engine)
    {
        const int Stored = ReservationReader.MaxRowsRead + 4_000;
        await using var store = await CreateAsync(engine, Stored);
        await store.RunAsync("update reservation set state = 'V' where sequence > 1500");
        var reader = new ReservationReader(store.Database);

        foreach (var tenant in (string?[])[null, "a"])
        {
            var first = await reader.ListAsync(new ReservationFilter(tenant, "settled"), null, 50, Stop);
            first.Generations.ShouldBeEmpty();
            if (tenant is null)
                first.Next.ShouldBe(FilledStore.ReservationId(Stored - ReservationReader.MaxRowsRead + 1).ToString());
            (
                await reader.ListAsync(new ReservationFilter(tenant, "settled"), Guid.Parse(first.Next!), 50, Stop)
            ).Generations.Count.ShouldBe(50);
        }
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_tenants_list_goes_on_behind_a_reservation_that_is_gone(string engine)
    {
        await using var store = await CreateAsync(engine, Size);
        var reader = new ReservationReader(store.Database);
        var newest = (await reader.ListAsync(new ReservationFilter("a"), null, 1, Stop)).Generations[0];

        var gone = Guid.CreateVersion7(new DateTimeOffset(newest.ReservedAt).AddMinutes(-30));

        var older = (await reader.ListAsync(new ReservationFilter("a"), gone, 50, Stop)).Generations;
        older.Count.ShouldBe(50);
        older[0].ReservedAt.ShouldBeInRange(newest.ReservedAt.AddMinutes(-36), newest.ReservedAt.AddMinutes(-30));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Every_usage_report_has_the_same_sums_as_the_balances(string engine)
    {
        await using var store = await CreateAsync(engine, 20_000);
        var query = new UsageQuery(new DateOnly(2024, 1, 5), new DateOnly(2025, 4, 1), ByTenant: true, ByDay: true);
        var balances = await store.ReadAsync(
            $"select tenant, period, images_spent from quota_window where tenant <> '*' and period >= '{query.FirstDay}' and period <= '{query.LastDay}'",
            row => (Tenant: row.GetString(0), Day: row.GetString(1), Images: row.GetNumber(2))
        );
        balances.Count.ShouldBeGreaterThan(15_000);

        (await ReadUsageAsync(store, query)).ShouldBe(
            balances.Select(row => (row.Tenant, row.Day, row.Images)).OrderBy(row => row.Day).ThenBy(row => row.Tenant)
        );
        (await ReadUsageAsync(store, query with { ByTenant = false }))
            .Select(row => (row.Day, row.Images))
            .ShouldBe(balances.GroupBy(row => row.Day).Select(day => (day.Key, day.Sum(row => row.Images))).OrderBy(day => day.Key));
        (await ReadUsageAsync(store, query with { ByDay = false }))
            .Select(row => (row.Tenant, row.Images))
            .ShouldBe(
                balances
                    .GroupBy(row => row.Tenant)
                    .Select(one => (one.Key, one.Sum(row => row.Images)))
                    .OrderBy(one => one.Key, StringComparer.Ordinal)
            );
    }

    private const string StuckSql =
        "(select count(*) from generation where reservation_id = reservation.id and status = 'PENDING' and stuck_at is not null)";

    private static async Task<FilledStore> CreateAsync(string engine, int size) =>
        await FilledStore.CreateAsync(await (engine == "sqlite" ? SqliteHarness.CreateAsync() : PostgreSqlHarness.CreateAsync()), size);

    private static string LettersOf(string state) =>
        state switch
        {
            "queued" => "Q",
            "reserved" => "R",
            "forwarding" => "F",
            "unknown" => "U",
            "held" => "QRFU",
            "settled" => "S",
            "released" => "V",
            _ => "W",
        };

    private static async Task<List<string>> ListAsync(FilledStore store, string? tenant, string? state, int limit)
    {
        var reader = new ReservationReader(store.Database);
        var found = new List<string>();
        Guid? before = null;
        do
        {
            var part = await reader.ListAsync(new ReservationFilter(tenant, state), before, limit, Stop);
            found.AddRange(part.Generations.Select(row => row.ReservationId));
            before = part.Next is null ? null : Guid.Parse(part.Next);
        } while (before is not null);
        return found;
    }

    private static async Task<List<(string Tenant, string Day, long Images)>> ReadUsageAsync(FilledStore store, UsageQuery query)
    {
        var reader = new UsageReader(store.Database);
        var found = new List<(string Tenant, string Day, long Images)>();
        UsageCursor? after = null;
        do
        {
            var batch = await reader.ReadAsync(query, after, Stop);
            found.AddRange(batch.Rows.Select(row => (row.Tenant, row.Day, row.Images)));
            after = batch.Next;
        } while (after is not null);
        return found;
    }
}
