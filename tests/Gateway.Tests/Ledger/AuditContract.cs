using Gateway.Ledger;
using Gateway.Ledger.Maintenance;
using Gateway.Ledger.Rules;
using Gateway.Storage;
using Gateway.Tests.Harness;
using static Gateway.Tests.Harness.LedgerHarness;

namespace Gateway.Tests.Ledger;

/// <summary>
/// Every contradiction that is planted in the store is found: in new rows by the next audit, in old ones by the pass.
/// </summary>
public abstract class AuditContract : IAsyncLifetime
{
    /// <summary>Of one caller: the store stays small enough to be read whole.</summary>
    private const int MostRequests = 500;

    private const string Row = "tenant = 'a' and sequence = {settled}";
    private const string Id = $"(select id from reservation where {Row})";

    /// <summary>A statement that contradicts the rules, and the rule that it contradicts.</summary>
    public static TheoryData<string, string> InRows { get; } =
        new()
        {
            { $"update reservation set charged = charged + 1 where {Row}", "INV-2" },
            { $"update reservation set images = images + 1 where {Row}", "INV-2" },
            { $"update reservation set charged = null where {Row}", "INV-2" },
            { "update reservation set charged = 1 where tenant = 'a' and sequence = {void}", "INV-2" },
            { "update quota_window set images_spent = images_spent + 1 where tenant = 'a' and period = '{day}'", "INV-2" },
            { "update quota_window set micros_held = micros_held + 1 where tenant = 'a' and period = '{day}'", "INV-2" },
            { "update quota_window set generations = generations + 1 where tenant = 'a' and period = '{month}'", "INV-2" },
            { "update quota_window set images_held = images_held + 1 where tenant = '*' and period = '{day}'", "INV-2" },
            { "delete from quota_window where tenant = 'a' and period = '{day}'", "INV-2" },
            { "delete from quota_window where tenant = '*' and period = '{month}'", "INV-2" },
            { $"delete from reservation where {Row}", "INV-2" },
            { $"update reservation set forwarded_at = null where {Row}", "INV-5" },
            { $"update reservation set sent = null where {Row}", "INV-5" },
            { $"delete from generation where reservation_id = {Id}", "INV-6" },
            { $"update generation set tenant = 'b' where reservation_id = {Id}", "INV-6" },
            { $"update generation set id = 'other' where reservation_id = {Id}", "INV-6" },
            { $"update reservation set state = 'V', charged = null where {Row}", "INV-7" },
            { "update reservation set state = 'S', charged = 1 where tenant = 'a' and sequence = {void}", "INV-7" },
            { $"update event set from_state = 'R' where reservation_id = {Id} and to_state = 'S'", "INV-7" },
            { $"update reservation set day = '2026-01-15' where {Row}", "INV-10" },
            { $"update reservation set month = '2026-03' where {Row}", "INV-10" },
            { $"delete from event where reservation_id = {Id} and to_state = 'S'", "INV-11" },
            { $"delete from event where reservation_id = {Id} and to_state = 'R'", "INV-11" },
            { $"delete from event where reservation_id = {Id}", "INV-11" },
            { "update ledger set events = 1", "INV-11" },
        };

    public static TheoryData<string, string> InTotals { get; } =
        new()
        {
            { "update counter set active = active + 1 where tenant = 'a'", "INV-2" },
            { "update ledger set running = running + 1", "INV-2" },
            { "update reservation set reserved_at = reserved_at - 3600000000 where tenant = 'a' and sequence = 5", "INV-9" },
            {
                "update reservation set state = 'Q', reserved_at = reserved_at - 259200000000 where tenant = 'a' and sequence = 5",
                "queued for too long"
            },
            { "update counter set queued = queued + 1 where tenant = 'a'", "queued jobs are miscounted" },
            {
                "update reservation set forwarded_at = forwarded_at - 172800000000, fence_at = fence_at - 172800000000 where tenant = 'a' and sequence = 6",
                "INV-9"
            },
        };

    private LedgerHarness _harness = null!;
    private QuotaLedger _ledger = null!;

    private Database _database = null!;

    public async ValueTask InitializeAsync()
    {
        _harness = await CreateAsync();
        _harness.Options = _harness.Options with { ConcurrentGenerations = 1_000_000 };
        await _harness.StartAtAsync("2026-01-31T20:00:00Z");
        _ledger = await _harness.StartAsync();
        await SettleAndReleaseAsync("old");
        await _harness.AdvanceAsync(TimeSpan.FromHours(14));
        await SettleAndReleaseAsync("new");
        await _ledger.AdmittedAsync(Request(Tenant("a")));
        await _ledger.UnknownAsync((await _ledger.AdmittedAsync(Request(Tenant("a")))).ReservationId, Unclear);
        await StopAsync(_ledger);
    }

    public async ValueTask DisposeAsync()
    {
        await _database.DisposeAsync();
        await _harness.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Theory]
    [MemberData(nameof(InRows))]
    [MemberData(nameof(InTotals))]
    public async Task A_contradiction_in_what_is_new_is_found_by_the_next_audit(string plant, string rule)
    {
        var audit = new LedgerAudit(_database, _harness.Options, _harness.Time);
        // An audit that has not seen the last rows yet.
        await PlantAsync(plant, settled: 3, "2026-02-01");

        var found = await audit.CheckRecentAsync(CancellationToken.None);

        found.ShouldContain(violation => violation.Contains(rule, StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(InRows))]
    public async Task A_contradiction_in_the_past_is_found_by_the_pass(string plant, string rule)
    {
        await PlantAsync(plant, settled: 1, "2026-01-31");
        (await PastAsync()).ShouldContain(violation => violation.Contains(rule, StringComparison.Ordinal));
        (await EverythingAsync()).ShouldContain(violation => violation.Contains(rule, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("update quota_window set images_spent = images_spent + 1 where tenant = 'a' and period = '{day}'")]
    [InlineData("update reservation set micros = micros + 1 where tenant = 'a' and sequence = 5")]
    [InlineData("delete from reservation where tenant = 'a' and sequence = 6")]
    public async Task A_balance_or_an_open_row_that_is_changed_after_an_audit_is_found_by_the_next(string plant)
    {
        var audit = new LedgerAudit(_database, _harness.Options, _harness.Time);
        (await audit.CheckRecentAsync(CancellationToken.None)).ShouldBeEmpty();

        await PlantAsync(plant, settled: 3, "2026-02-01");

        (await audit.CheckRecentAsync(CancellationToken.None)).ShouldNotBeEmpty();
    }

    [Fact]
    public async Task A_ledger_in_use_is_never_reported()
    {
        await _database.DisposeAsync();
        var ledger = await _harness.StartAsync();
        var database = _harness.DatabaseOf(ledger);
        var audit = new LedgerAudit(database, _harness.Options, _harness.Time);
        var past = new PastAudit(database, audit, ledger.Instance, _harness.Options, _harness.Time);
        using var end = new CancellationTokenSource();
        var load = Enumerable
            .Range(0, 4)
            .Select(caller =>
                Task.Run(async () =>
                {
                    for (var n = 0; n < MostRequests && !end.IsCancellationRequested; n++)
                    {
                        var request = Request(Tenant(caller % 2 == 0 ? "a" : "b"), images: 1 + n % 4);
                        // While the test moves one clock before the other, nothing is admitted.
                        if (await ledger.AdmitAsync(request, CancellationToken.None) is not Admission.Admitted admitted)
                            continue;
                        if (n % 3 == 0)
                            await ledger.ReleaseAsync(admitted.ReservationId, Refused);
                        else
                            await ledger.SettleAsync(admitted.ReservationId, Cost($"{caller}-{n}"));
                    }
                })
            )
            .ToList();

        var found = new List<string>();
        try
        {
            for (var n = 0; n < 8; n++)
            {
                found.AddRange(await audit.CheckRecentAsync(CancellationToken.None));
                found.AddRange(await WholeAudit.RunAsync(database, _harness.Options));
                await _harness.AdvanceAsync(TimeSpan.FromHours(1.1));
                found.AddRange(await past.CheckSliceAsync(CancellationToken.None));
            }
        }
        finally
        {
            await end.CancelAsync();
            await Task.WhenAll(load);
        }

        // The clock jumps over the sweeps.
        found.Where(violation => !violation.Contains("INV-9", StringComparison.Ordinal)).ShouldBeEmpty();
    }

    [Fact]
    public async Task The_pass_goes_on_after_a_restart_and_one_replica_makes_it()
    {
        await _database.DisposeAsync();
        var ledger = await _harness.StartAsync();
        await Task.WhenAll(
            Enumerable.Range(0, 4100).Select(async n => await ledger.AdmittedAsync(Request(Tenant(n % 3 == 0 ? "b" : "c"))))
        );
        await StopAsync(ledger);
        await PlantAsync("update reservation set charged = 1 where tenant = 'c' and sequence = 1", 0, "");
        var first = Guid.NewGuid();
        var audit = new LedgerAudit(_database, _harness.Options, _harness.Time);

        await Past(first).CheckSliceAsync(CancellationToken.None);
        (await PositionAsync()).ShouldBe("c");
        (await Past(Guid.NewGuid()).CheckSliceAsync(CancellationToken.None)).ShouldBeEmpty();
        (await PositionAsync()).ShouldBe("c");
        // The first replica has stopped: after two minutes another one goes on where it was.
        _harness.Time.Advance(TimeSpan.FromMinutes(3));
        var next = Past(Guid.NewGuid());
        (await next.CheckSliceAsync(CancellationToken.None)).ShouldContain(violation =>
            violation.EndsWith("c #1", StringComparison.Ordinal)
        );
        await next.CheckSliceAsync(CancellationToken.None);
        (await PositionAsync()).ShouldBeEmpty();

        PastAudit Past(Guid instance) => new(_database, audit, instance, _harness.Options, _harness.Time);
    }

    /// <summary>The store keeps microseconds, and a clock is finer.</summary>
    [Fact]
    public async Task A_day_that_is_longer_than_a_slice_is_read_on_from_where_the_last_slice_ended()
    {
        await _database.DisposeAsync();
        var ledger = await _harness.StartAsync();
        await Task.WhenAll(
            Enumerable.Range(0, 2 * TenantWalk.SliceSize + 100).Select(async _ => await ledger.AdmittedAsync(Request(Tenant("c"))))
        );
        await StopAsync(ledger);
        _harness.Time.SetWall(_harness.Time.GetUtcNow().AddTicks(3));
        var past = new PastAudit(
            _database,
            new LedgerAudit(_database, _harness.Options, _harness.Time),
            Guid.NewGuid(),
            _harness.Options,
            _harness.Time
        );

        for (var slice = 0; slice < 3; slice++)
        {
            await past.CheckSliceAsync(CancellationToken.None);
            _harness.Time.SetWall(_harness.Time.GetUtcNow().AddTicks(7));
        }

        (await PositionAsync()).ShouldBeEmpty();
    }

    private protected abstract Task<LedgerHarness> CreateAsync();

    /// <summary>Without a ledger that audits itself.</summary>
    private async Task StopAsync(QuotaLedger ledger)
    {
        await _harness.CrashAsync(ledger);
        _database = _harness.Open();
        await _database.WriteAsync(
            (connection, transaction, cancellationToken) =>
                connection
                    .Command("update ledger_audit set tenant = '', day = '', started_at = 0, claimed_until = 0")
                    .ExecuteAsync(transaction, cancellationToken),
            CancellationToken.None
        );
    }

    private async Task SettleAndReleaseAsync(string generation)
    {
        var settled = await _ledger.AdmittedAsync(Request(Tenant("a"), images: 2));
        await _ledger.SettleAsync(settled.ReservationId, Cost(generation));
        await _ledger.EndAsync(generation);
        await _ledger.ReleaseAsync((await _ledger.AdmittedAsync(Request(Tenant("a")))).ReservationId, Refused);
    }

    private async Task<IReadOnlyList<string>> PastAsync()
    {
        var audit = new LedgerAudit(_database, _harness.Options, _harness.Time);
        return await new PastAudit(_database, audit, Guid.NewGuid(), _harness.Options, _harness.Time).CheckSliceAsync(
            CancellationToken.None
        );
    }

    private Task<IReadOnlyList<string>> EverythingAsync() => WholeAudit.RunAsync(_database, _harness.Options);

    private Task PlantAsync(string sql, int settled, string day) =>
        _database.WriteAsync(
            (connection, transaction, cancellationToken) =>
                connection
                    .Command(
                        sql.Replace("{settled}", $"{settled}", StringComparison.Ordinal)
                            .Replace("{void}", $"{settled + 1}", StringComparison.Ordinal)
                            .Replace("{day}", day, StringComparison.Ordinal)
                            .Replace("{month}", day.Length > 7 ? day[..7] : "", StringComparison.Ordinal)
                    )
                    .ExecuteAsync(transaction, cancellationToken),
            CancellationToken.None
        );

    private async Task<string> PositionAsync() =>
        (
            await _database.ReadAsync(
                (connection, cancellationToken) =>
                    connection.Command("select tenant from ledger_audit").ReadAsync(row => row.GetString(0), cancellationToken),
                CancellationToken.None
            )
        ).Single();
}
