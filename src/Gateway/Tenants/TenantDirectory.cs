using System.Collections.Frozen;

namespace Gateway.Tenants;

/// <summary>The tenancy in force. Reads the tenants file at start and whenever it changes; a bad file changes nothing but <see cref="LastError"/>.</summary>
/// <remarks>
/// The file's content is compared, every second. Notifications of the file system are not enough: a Kubernetes mount replaces a directory behind
/// two symbolic links, an editor renames a new file over the old, and a network mount notifies nobody.
/// </remarks>
internal sealed class TenantDirectory : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly string _path;
    private readonly IReadOnlyCollection<string>? _models;
    private readonly bool _fileIsOptional;
    private readonly TimeProvider _clock;
    private readonly ILogger<TenantDirectory> _log;
    private readonly Lock _reading = new();
    private byte[]? _seen;
    private volatile InForce? _current;
    private volatile string? _lastError;
    private volatile FrozenSet<string> _suspended = FrozenSet<string>.Empty;

    /// <param name="path">Absolute.</param>
    /// <param name="models">The models that there are; null: names of models are not checked.</param>
    /// <param name="fileIsOptional">In the Development environment a missing file means <see cref="TenantSnapshot.Development"/>.</param>
    public TenantDirectory(
        string path,
        IReadOnlyCollection<string>? models,
        bool fileIsOptional,
        TimeProvider clock,
        ILogger<TenantDirectory> log
    )
    {
        _path = path;
        _models = models;
        _fileIsOptional = fileIsOptional;
        _clock = clock;
        _log = log;
        StartupErrors = Load();
    }

    /// <summary>What is wrong with the tenants file at start, one line a fault. Not empty: the host must not run.</summary>
    public IReadOnlyList<string> StartupErrors { get; }

    public TenantSnapshot Current =>
        _current?.Tenancy ?? throw new InvalidOperationException("There is no valid tenants file: see StartupErrors");

    /// <summary>Whether no file was found and the tenancy for a fresh clone is in force.</summary>
    public bool IsBuiltIn => ReferenceEquals(_current?.Tenancy, TenantSnapshot.Development);

    /// <summary>What is in force, for the log at start.</summary>
    public string Description =>
        IsBuiltIn
            ? $"default = callers on this machine, without limits (no tenants file at {_path})"
            : $"{Current.Tenants.Count} from {_path}";

    /// <summary>Every fault of the file as it is now, if it is bad and an earlier one is still in force; else null.</summary>
    public string? LastError => _lastError;

    /// <summary>When <see cref="Current"/> came into force.</summary>
    public DateTimeOffset? LoadedAt => _current?.Since;

    public bool IsSuspended(string tenantId) => _suspended.Contains(tenantId);

    /// <summary>Replaces the set of suspended tenants. Being suspended is a fact of the store, not of the file: whoever reads the store says so here.</summary>
    public void SetSuspended(IEnumerable<string> tenantIds) => _suspended = tenantIds.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>Reads the file if it is not the one seen last.</summary>
    /// <returns>What is wrong with it, if it was read and is bad: <c>#/json/pointer: words</c>.</returns>
    public IReadOnlyList<string> Load()
    {
        lock (_reading)
        {
            try
            {
                var content = File.ReadAllBytes(_path);
                if (_seen is not null && content.AsSpan().SequenceEqual(_seen))
                    return [];
                _seen = content;
                var (tenancy, faults) = TenantsFile.Read(content, _models);
                return tenancy is null ? Refuse([.. faults.Select(fault => $"{fault.Pointer}: {fault.Detail}")]) : Use(tenancy);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                _seen = null;
                var missing = e is FileNotFoundException or DirectoryNotFoundException;
                if (missing && _fileIsOptional && (_current is null || IsBuiltIn))
                    return IsBuiltIn ? [] : Use(TenantSnapshot.Development);
                return Refuse([missing ? "the file is missing" : $"the file cannot be read ({e.GetType().Name})"]);
            }
        }
    }

    public override Task StartAsync(CancellationToken cancellationToken) =>
        StartupErrors.Count == 0
            ? base.StartAsync(cancellationToken)
            : throw new InvalidOperationException(string.Join(Environment.NewLine, StartupErrors));

    protected override async Task ExecuteAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Interval, _clock);
        while (await timer.WaitForNextTickAsync(cancellationToken))
            Load();
    }

    private IReadOnlyList<string> Use(TenantSnapshot tenancy)
    {
        var replaced = _current;
        _current = new InForce(tenancy, _clock.GetUtcNow());
        _lastError = null;
        if (replaced is not null)
            _log.LogInformation("The tenants file has changed and is in force: {Tenants}", Description);
        return [];
    }

    /// <summary>Says so once, however often the same bad file is met.</summary>
    private IReadOnlyList<string> Refuse(IReadOnlyList<string> faults)
    {
        var error = string.Join('\n', faults);
        if (string.Equals(error, _lastError, StringComparison.Ordinal))
            return faults;
        _lastError = error;
        var consequence = _current is null ? "the gateway cannot start" : "the last good one stays in force";
        foreach (var fault in faults)
            _log.LogError("Tenants file {Path} is refused, {Consequence}: {Fault}", _path, consequence, fault);
        return faults;
    }

    private sealed record InForce(TenantSnapshot Tenancy, DateTimeOffset Since);
}
