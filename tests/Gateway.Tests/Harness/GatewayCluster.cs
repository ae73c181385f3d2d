namespace Gateway.Tests.Harness;

/// <summary>
/// A simulator, a store and one or more gateways, each in its own process. The header <c>X-Tenant-Id</c> identifies the
/// caller.
/// </summary>
internal sealed class GatewayCluster : IAsyncDisposable
{
    private readonly string? _postgreSql;
    private readonly (string, string)[] _settings;
    private readonly GatewayProcess?[] _gateways;
    private readonly TemporaryFolder _folder = new();

    private GatewayCluster(
        SimulatorProcess simulator,
        int replicas,
        string? postgreSql,
        IReadOnlyList<string> within,
        (string, string)[] settings
    )
    {
        (Simulator, _postgreSql, Within) = (simulator, postgreSql, within);
        _gateways = new GatewayProcess?[replicas];
        _settings =
        [
            .. simulator.Settings,
            ("Tenants__File", Path.Combine(Folder, "tenants.json")),
            ("Identification__TrustedProxies__0", "127.0.0.1"),
            ("Storage__Engine", postgreSql is null ? "Sqlite" : "PostgreSql"),
            ("Storage__ConnectionString", postgreSql ?? $"Data Source={DatabaseFile}"),
            ("Leonardo__ConcurrentGenerations", "10000"),
            ("Leonardo__GenerationsPerMinute", "1000000"),
            ("Leonardo__RequestsPerMinute", "10000000"),
            ("Leonardo__Timeout", "00:00:02"),
            ("Quotas__GenerationTimeLimit", "00:00:01"),
            // Short, so that what a killed gateway left is cleared soon.
            ("Quotas__Lease", "00:00:03"),
            ("Reconciler__AbsentAfter", "00:00:03"),
            ("Logging__Level", "Error"),
            .. settings,
        ];
    }

    public SimulatorProcess Simulator { get; }

    public string Folder => _folder.Path;

    /// <summary>A command that runs each gateway that is started from now on.</summary>
    public IReadOnlyList<string> Within { get; set; }

    /// <summary>In its own folder, with the files that SQLite keeps beside it.</summary>
    public string DatabaseFile => Path.Combine(Folder, "data", "gateway.db");

    public (string Name, string Value)[] Settings => _settings;

    public GatewayProcess this[int index] => _gateways[index] ?? throw new InvalidOperationException("This gateway is not running.");

    /// <summary>The addresses of all gateways; for one that is down, an address that refuses connections.</summary>
    public IReadOnlyList<Uri> Addresses => [.. _gateways.Select(gateway => gateway?.Address ?? new Uri("http://127.0.0.1:1"))];

    /// <param name="tenants">The elements of the list in the tenants file.</param>
    /// <param name="replicas">More than one only on PostgreSQL.</param>
    /// <param name="postgreSql">A connection string; null for SQLite.</param>
    /// <param name="within">A command that runs each gateway, such as <c>setpriv --reuid=nobody</c>.</param>
    public static async Task<GatewayCluster> CreateAsync(
        IEnumerable<string> tenants,
        int replicas = 1,
        string? postgreSql = null,
        IReadOnlyList<string>? within = null,
        params (string, string)[] settings
    )
    {
        var fleet = new GatewayCluster(await SimulatorProcess.StartAsync(), replicas, postgreSql, within ?? [], settings);
        await File.WriteAllTextAsync(Path.Combine(fleet.Folder, "tenants.json"), GatewayApp.Tenants([.. tenants]));
        return fleet;
    }

    public static string Tenant(string id, string quota = "{}") =>
        $$"""{ "id": "{{id}}", "identify": { "header": true }, "quota": {{quota}} }""";

    /// <summary>Starts the gateways that are down.</summary>
    /// <param name="ready">Whether to wait until they are.</param>
    public async Task StartAsync(bool ready = true)
    {
        for (var i = 0; i < _gateways.Length; i++)
            _gateways[i] ??= GatewayProcess.Launch(Folder, Within, _settings);
        if (ready)
            await Task.WhenAll(_gateways.Select(gateway => gateway!.IsReadyAsync()));
    }

    /// <summary><c>kill -9</c>.</summary>
    public async Task KillAsync(int index)
    {
        await using var victim = this[index];
        await victim.KillAsync();
        _gateways[index] = null;
    }

    /// <summary>Stops it with SIGTERM.</summary>
    public async Task StopAsync(int index)
    {
        await using var gateway = this[index];
        await gateway.StopAsync();
        _gateways[index] = null;
    }

    /// <summary>Stops all gateways with SIGTERM and reads the ledger.</summary>
    public async Task<LedgerSnapshot> CloseAsync()
    {
        foreach (var gateway in _gateways.OfType<GatewayProcess>())
            await gateway.StopAsync();
        return _postgreSql is null
            ? await LedgerSnapshot.ReadSqliteAsync(DatabaseFile)
            : await LedgerSnapshot.ReadPostgreSqlAsync(_postgreSql);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var gateway in _gateways.OfType<GatewayProcess>())
            await gateway.DisposeAsync();
        await Simulator.DisposeAsync();
        _folder.Dispose();
    }
}
