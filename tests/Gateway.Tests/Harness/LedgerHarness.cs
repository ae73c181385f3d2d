using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Gateway.Images;
using Gateway.Ledger;
using Gateway.Ledger.Maintenance;
using Gateway.Ledger.PostgreSql;
using Gateway.Ledger.Rules;
using Gateway.Results;
using Gateway.Storage;
using Gateway.Tenants;

namespace Gateway.Tests.Harness;

/// <summary>One store with any number of ledgers on it, and a clock that the test sets.</summary>
internal abstract class LedgerHarness : IAsyncDisposable
{
    private readonly List<(QuotaLedger Ledger, Database Database)> _running = [];

    public AdjustableClock Time { get; } = new();

    public QuotaLimits Organization { get; set; } = QuotaLimits.Unlimited;

    /// <summary>Of tenants whose weight is not 1.</summary>
    public Dictionary<string, int> Weights { get; } = [];

    public QuotaOptions Options { get; set; } =
        new()
        {
            ConcurrentGenerations = 1000,
            GenerationsPerMinute = 1_000_000,
            // Most tests make equal requests that are meant to be different ones.
            RepeatWindow = TimeSpan.Zero,
        };

    /// <summary>Whether several ledgers may share the store.</summary>
    public abstract bool IsShared { get; }

    public async Task<QuotaLedger> StartAsync(QuotaOptions? options = null, TimeProvider? time = null)
    {
        var database = Open();
        var ledger = new QuotaLedger(
            database,
            options ?? Options,
            () => Organization,
            tenant => Weights.GetValueOrDefault(tenant, 1),
            time ?? Time,
            TestLog.CreateLogger<QuotaLedger>()
        );
        _running.Add((ledger, database));
        await ledger.StartAsync(CancellationToken.None);
        return ledger;
    }

    /// <summary>As after <c>kill -9</c>: nothing is completed and nothing is released.</summary>
    public async Task CrashAsync(QuotaLedger ledger)
    {
        var (_, database) = _running.Single(one => one.Ledger == ledger);
        await ledger.AbortAsync();
        await database.DisposeAsync();
        _running.RemoveAll(one => one.Ledger == ledger);
    }

    public async Task StopAsync(QuotaLedger ledger)
    {
        await ledger.StoppedAsync(CancellationToken.None);
        await CrashAsync(ledger);
    }

    /// <summary>Advances the wall clock and the monotonic clock together.</summary>
    public async Task AdvanceAsync(TimeSpan by)
    {
        // The store's clock first: a batch in between then sees a store that is ahead,
        // which has no effect once the other clock has caught up.
        await TurnAsync(Time.GetUtcNow() + by);
        Time.Advance(by);
    }

    /// <summary>Sets the wall clock; the monotonic clock stays.</summary>
    public async Task SetWallAsync(DateTimeOffset to)
    {
        Time.SetWall(to);
        await TurnAsync(to);
    }

    /// <summary>To be called before anything is stored.</summary>
    public async Task StartAtAsync(string time)
    {
        Time.SetWall(DateTimeOffset.Parse(time, CultureInfo.InvariantCulture));
        await TurnAsync(Time.GetUtcNow());
    }

    /// <summary>Advances the clock in steps until the task has completed.</summary>
    public async Task TurnUntilAsync(Task task, TimeSpan? step = null)
    {
        for (var i = 0; i < 200 && !task.IsCompleted; i++)
        {
            await AdvanceAsync(step ?? TimeSpan.FromSeconds(1));
            await Task.WhenAny(task, Task.Delay(20));
        }
        task.IsCompleted.ShouldBeTrue();
    }

    /// <summary>Advances the clock until the condition holds.</summary>
    public async Task UntilAsync(Func<Task<bool>> condition, TimeSpan? step = null)
    {
        for (var i = 0; i < 200; i++)
        {
            if (await condition())
                return;
            await AdvanceAsync(step ?? TimeSpan.FromMilliseconds(500));
            await Task.Delay(5);
        }
        Assert.Fail("The condition did not become true.");
    }

    /// <summary>
    /// The violations that the audit finds, without overdue sweeps: tests advance the clock faster than it sweeps.
    /// </summary>
    public async Task<IReadOnlyList<string>> AuditAsync()
    {
        if (_running.Count == 0)
            await StartAsync();
        var found = await WholeAudit.RunAsync(_running[0].Database, Options);
        return [.. found.Where(violation => !violation.Contains("(INV-9)", StringComparison.Ordinal))];
    }

    public Database DatabaseOf(QuotaLedger ledger) => _running.Single(one => one.Ledger == ledger).Database;

    /// <summary>Frees keys, and deletes what is past its retention and what was never sent.</summary>
    public async Task PruneAsync(QuotaLedger ledger, TimeSpan repeatWindow)
    {
        var pruning = new LedgerPruning(DatabaseOf(ledger), ledger.Store, Options with { RepeatWindow = repeatWindow }, Time);
        await pruning.PruneNeverSentAsync(CancellationToken.None);
        await pruning.RunAsync(CancellationToken.None);
    }

    /// <summary>With a retention of an hour, after a heartbeat.</summary>
    public async Task PruneResultsAsync(QuotaLedger ledger)
    {
        await ledger.SweepAsync();
        await new ResultPruner(
            DatabaseOf(ledger),
            new ImageStore(new ImageOptions(null, 0, 0), Time, TestLog.CreateLogger<ImageStore>()),
            new WatcherOptions(TimeSpan.FromMinutes(10), 1200, Retention: TimeSpan.FromHours(1)),
            Time,
            TestLog.CreateLogger<ResultPruner>()
        ).PruneAsync(CancellationToken.None);
    }

    /// <summary>As an operator does.</summary>
    public async Task ResetPriceRatioAsync(QuotaLedger ledger, string model)
    {
        var database = DatabaseOf(ledger);
        await database.WriteAsync(
            async (connection, transaction, cancellationToken) =>
            {
                await new PriceRatioRepository(database, Time).ResetAsync(connection, transaction, model, cancellationToken);
                return true;
            },
            CancellationToken.None
        );
    }

    public abstract Database Open();

    public virtual async ValueTask DisposeAsync()
    {
        foreach (var (ledger, database) in _running.ToList())
        {
            await ledger.DisposeAsync();
            await database.DisposeAsync();
        }
    }

    /// <summary>Sets the clock of the store, if it has one.</summary>
    protected abstract Task TurnAsync(DateTimeOffset to);

    public const string Model = "flux-pro-2.0";

    public static Tenant Tenant(string id, QuotaLimits? limits = null) =>
        new(id, id, limits ?? QuotaLimits.Unlimited, TenantPolicy.Default);

    public static ReservationRequest Request(Tenant tenant, int images = 1, long micros = 10_000, string? key = null, string body = "a") =>
        new(
            tenant,
            images,
            micros,
            new Fingerprint(Model, SHA256.HashData(Encoding.UTF8.GetBytes(body)), 4_294_967_295, 1440, 1440, false),
            key,
            SHA256.HashData(Encoding.UTF8.GetBytes(body))
        );

    public static Settlement Cost(string generation, long micros = 10_000) => new(generation, micros, null, null, "DOLLARS");

    public static readonly Outcome Refused = new("upstream-rejected", 422, "No.", "moderation");

    public static readonly Outcome Unclear = new("outcome-unknown", 504, "It may exist.");
}

internal sealed class SqliteHarness : LedgerHarness
{
    public static Task<LedgerHarness> CreateAsync() => Task.FromResult<LedgerHarness>(new SqliteHarness());

    private readonly TemporaryFolder _folder = new(inMemory: true);

    public string Folder => _folder.Path;

    public string File => Path.Combine(Folder, "gateway.db");

    public override bool IsShared => false;

    public override Database Open() => new SqliteDatabase($"Data Source={File}", TestLog.CreateLogger<SqliteDatabase>(), Time);

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Dispose();
    }

    protected override Task TurnAsync(DateTimeOffset to) => Task.CompletedTask;
}

internal sealed class PostgreSqlHarness(PostgreSqlServer server, string connectionString) : LedgerHarness
{
    public static async Task<LedgerHarness> CreateAsync()
    {
        Tools.NeedPostgreSql();
        var server = await PostgreSqlServer.SharedAsync();
        var harness = new PostgreSqlHarness(server, await server.CreateDatabaseAsync());
        await using (var database = harness.Open())
            await database.EnsureOpenAsync(CancellationToken.None);
        await harness.TurnAsync(harness.Time.GetUtcNow());
        return harness;
    }

    public override bool IsShared => true;

    public override Database Open() => new PostgreSqlDatabase(connectionString, TestLog.CreateLogger<PostgreSqlDatabase>(), Time);

    /// <summary>Begins something whose connection is lost while it waits for the ledger's lock.</summary>
    public async Task FailAsync(Action begin)
    {
        await using var source = Npgsql.NpgsqlDataSource.Create(connectionString);
        await using var connection = await source.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using var hold = new Npgsql.NpgsqlCommand("select 1 from ledger for update", connection, transaction);
        await hold.ExecuteNonQueryAsync();
        begin();
        await EndAsync("wait_event_type = 'Lock'");
        await transaction.RollbackAsync();
    }

    /// <summary>Ends the connections of which a condition holds, at least one.</summary>
    public async Task EndAsync(string condition)
    {
        await using var source = Npgsql.NpgsqlDataSource.Create(connectionString);
        await using var end = source.CreateCommand(
            "select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = current_database() and " + condition
        );
        await Eventually.HoldsAsync(async () => await end.ExecuteScalarAsync() is > 0L);
    }

    /// <summary>Replaces the function from which the statements take the time.</summary>
    protected override Task TurnAsync(DateTimeOffset to) =>
        server.ExecuteAsync(
            new Npgsql.NpgsqlConnectionStringBuilder(connectionString).Database!,
            $"create or replace function gateway_now() returns timestamptz language sql volatile as 'select timestamptz ''{to:yyyy-MM-dd HH:mm:ss.ffffff}+00'''"
        );
}
