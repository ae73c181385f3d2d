using Gateway.Admin;
using Gateway.Images;
using Gateway.Ledger.Maintenance;
using Gateway.Reconciliation;
using Gateway.Results;
using Gateway.Storage;
using Gateway.Tests.Harness;
using Gateway.Uploads;

namespace Gateway.Tests.Storage;

/// <summary>
/// No statement that runs periodically, or for a caller or an operator, reads more in a large store than in a small
/// one.
/// </summary>
public sealed class BoundedStatementTests
{
    private const int Small = 2_000;
    private const int Large = 20_000;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public Task On_SQLite_no_statement_reads_more_the_more_the_store_holds() => CompareAsync(SqliteHarness.CreateAsync, allowance: 4_000);

    [Fact]
    public Task On_PostgreSQL_no_statement_reads_more_the_more_the_store_holds() =>
        CompareAsync(PostgreSqlHarness.CreateAsync, allowance: 300);

    /// <summary>PostgreSQL keeps the entries of earlier polls as long as any transaction may read them.</summary>
    [Fact]
    public async Task The_watcher_does_not_read_what_polls_leave_behind_during_a_backup()
    {
        await using var store = await FilledStore.CreateAsync(await PostgreSqlHarness.CreateAsync(), Small);
        var queue = new PollQueue(store.Database, store.Time);
        await store.WhileReadAsync(async () =>
        {
            for (var poll = 0; poll < 5; poll++)
                await store.RunAsync($"update generation set next_poll_at = 100 + {poll} where status = 'PENDING'");
            var soon = (store.Time.GetUtcNow() + TimeSpan.FromSeconds(5)).Micros();
            await store.RunAsync($"update generation set next_poll_at = {soon} where status = 'PENDING'");
            await queue.GetTimeToNextAsync(Stop);
            store.Database.Take()[0].Work.ShouldBeGreaterThan(Small, "the first time it reads all of it");

            (await queue.GetTimeToNextAsync(Stop)).ShouldNotBeNull();

            store.Database.Take()[0].Work.ShouldBeLessThan(Small / 2);
        });
    }

    /// <param name="allowance">Work that is little whatever the store holds.</param>
    private static async Task CompareAsync(Func<Task<LedgerHarness>> create, long allowance)
    {
        await using var small = await FilledStore.CreateAsync(await create(), Small);
        await using var large = await FilledStore.CreateAsync(await create(), Large);
        var expected = await MeasureAsync(small);

        var found = await MeasureAsync(large);

        found.Keys.ShouldBe(expected.Keys);
        found.Count.ShouldBeGreaterThan(60);
        found
            .Where(one => one.Value.Work > expected[one.Key].Work * 2 + allowance)
            .Select(one => $"{one.Key}: {expected[one.Key].Work} in a small store, {one.Value.Work} in a large one\n{one.Value}")
            .ShouldBeEmpty();
    }

    /// <returns>The statement of each use that does the most work.</returns>
    private static async Task<SortedDictionary<string, StatementWork>> MeasureAsync(FilledStore store)
    {
        var work = new SortedDictionary<string, StatementWork>(StringComparer.Ordinal);
        foreach (var (name, use) in Uses(store))
        {
            store.Database.Take();
            await use();
            work.Add(name, store.Database.Take().MaxBy(statement => statement.Work)!);
        }
        return work;
    }

    private static IEnumerable<(string Name, Func<Task> Use)> Uses(FilledStore store) =>
        [
            .. WatcherUses(store),
            .. CallerUses(store),
            .. ReservationLists(store),
            .. OperatorUses(store),
            .. ReconcilerUses(store),
            // Last, because it changes most.
            ("pruning", () => PruneAsync(store)),
        ];

    private static IEnumerable<(string Name, Func<Task> Use)> WatcherUses(FilledStore store)
    {
        var queue = new PollQueue(store.Database, store.Time);
        var pending = FilledStore.GenerationId(45);
        yield return ("time to the next poll", () => queue.GetTimeToNextAsync(Stop));
        yield return ("hasten", () => queue.HastenAsync(Stop));
        yield return ("claim", async () => (await queue.ClaimAsync(32, hurry: true, Stop)).Count.ShouldBe(10));
        yield return ("time to the next poll if none is due", () => queue.GetTimeToNextAsync(Stop));
        yield return ("claim if none is due", async () => (await queue.ClaimAsync(32, hurry: false, Stop)).ShouldBeEmpty());
        yield return ("hasten if all come soon", () => queue.HastenAsync(Stop));
        yield return ("ended ones that are waited for", () => queue.FindEndedAsync([pending, FilledStore.GenerationId(21)], Stop));
        yield return ("make due", () => queue.MakeDueAsync(pending, Stop));
        yield return ("mark stuck", () => queue.MarkStuckAsync(pending, Stop));
    }

    private static IEnumerable<(string Name, Func<Task> Use)> CallerUses(FilledStore store)
    {
        var generations = new GenerationRepository(store.Database, store.Time);
        var uploads = new UploadRepository(store.Database, store.Time);
        var (own, other) = (FilledStore.GenerationId(60), FilledStore.GenerationId(1));
        yield return ("generation", () => generations.FindAsync("a", own, Stop));
        yield return ("another tenant's generation", () => generations.FindAsync("b", own, Stop));
        foreach (var tenant in (string[])["a", "b", "nobody"])
            yield return ($"history of {tenant}", () => generations.ListAsync(tenant, null, 101, Stop));
        yield return (
            "history behind deleted ones",
            async () => (await generations.ListAsync("a", store.AfterPending, 101, Stop)).Count.ShouldBe(101)
        );
        yield return ("image", () => generations.FindImageAsync("a", own, own, Stop));
        yield return ("usable references", () => generations.FindUsableReferencesAsync("a", [own, other], Stop));
        yield return ("foreign references", () => generations.FindForeignReferencesAsync("a", [own, other], Stop));
        yield return ("upload", () => uploads.FindAsync("a", own, Stop));
        yield return ("deletion of one that runs", () => generations.DeleteRunningAsync("a", own, Stop));
        yield return ("deletion", () => generations.DeleteAsync("a", own, Stop));
    }

    private static IEnumerable<(string Name, Func<Task> Use)> ReservationLists(FilledStore store)
    {
        var reservations = new ReservationReader(store.Database);
        yield return ("reservation", () => reservations.FindAsync(FilledStore.ReservationId(60), Stop));
        foreach (var tenant in (string?[])[null, "a", "b", "nobody"])
        {
            foreach (var state in ReservationReader.StateNames.Append(null))
            {
                foreach (var before in (Guid?[])[null, FilledStore.ReservationId(1000)])
                    yield return (
                        $"reservations of {tenant ?? "all"}, {state ?? "any state"}, before {before}",
                        () => reservations.ListAsync(new ReservationFilter(tenant, state), before, 50, Stop)
                    );
            }
        }
    }

    private static IEnumerable<(string Name, Func<Task> Use)> OperatorUses(FilledStore store)
    {
        var usage = new UsageReader(store.Database);
        foreach (var (byTenant, byDay) in ((bool, bool)[])[(true, true), (true, false), (false, true)])
            yield return (
                $"usage by tenant {byTenant}, by day {byDay}",
                () => usage.ReadAsync(new UsageQuery(new DateOnly(2024, 1, 5), new DateOnly(2024, 1, 25), byTenant, byDay), null, Stop)
            );
        foreach (var (byTenant, byDay) in ((bool, bool)[])[(true, true), (true, false), (false, true), (false, false)])
            yield return (
                $"usage by user, by tenant {byTenant}, by day {byDay}",
                () =>
                    usage.ReadAsync(new UsageQuery(new DateOnly(2024, 1, 5), new DateOnly(2024, 1, 25), byTenant, byDay, true), null, Stop)
            );
        yield return (
            "usage of a tenant",
            () => usage.ReadAsync(new UsageQuery(new DateOnly(2024, 1, 5), new DateOnly(2024, 1, 25), true, true, false, "c"), null, Stop)
        );
        yield return ("requests never sent", () => usage.ReadNeverSentAsync("c", store.Time.GetUtcNow(), Stop));
        yield return ("backlog", () => LedgerBacklog.ReadAsync(store.Database, Stop));
        yield return ("seeds in flight", () => LedgerBacklog.ReadSeedsAsync(store.Database, Stop));
        yield return ("audit trail", () => new AuditTrail(store.Database, store.Time).ReadAsync(1000, 500, Stop));
        yield return ("audit line", () => new AuditTrail(store.Database, store.Time).AddAsync(new AuditEntry("", "", "", ""), Stop));
    }

    private static IEnumerable<(string Name, Func<Task> Use)> ReconcilerUses(FilledStore store)
    {
        var reconciliations = new ReconciliationRepository(store.Database, store.Time);
        var ids = Enumerable.Range(1, 40).ToList();
        yield return ("claims of the reconciler", () => reconciliations.ClaimAsync([.. ids.Select(FilledStore.ReservationId)], Stop));
        yield return ("owned generations", () => reconciliations.FindOwnedAsync(ids.Select(FilledStore.GenerationId), Stop));
        yield return (
            "pruning of the reconciler",
            async () => (await reconciliations.PruneAsync(Stop)).ShouldBe(ReconciliationRepository.SliceSize)
        );
    }

    private static async Task PruneAsync(FilledStore store)
    {
        var images = new ImageStore(new ImageOptions(null, 0, 0), TimeProvider.System, TestLog.CreateLogger<ImageStore>());
        var pruner = new ResultPruner(
            store.Database,
            images,
            new WatcherOptions(TimeSpan.FromMinutes(10), 1200, store.AgeOf(150)),
            new SystemTimers(store.Time),
            TestLog.CreateLogger<ResultPruner>()
        );
        await pruner.PruneAsync(Stop);
    }

    /// <summary>Pauses end by themselves.</summary>
    private sealed class SystemTimers(TimeProvider wall) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => wall.GetUtcNow();
    }
}
