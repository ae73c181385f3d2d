using System.Collections.Concurrent;
using System.Collections.Frozen;
using Gateway.Edge.Http;

namespace Gateway.Tenants;

/// <summary>
/// The tenants in force: the tenants file, read at start and when it changes. A bad file changes only <see
/// cref="FileError"/>.
/// </summary>
internal sealed partial class TenantDirectory : BackgroundService
{
    private readonly string _path;
    private readonly bool _fileIsOptional;
    private readonly TimeProvider _clock;
    private readonly ILogger<TenantDirectory> _log;
    private readonly Lock _loading = new();
    private readonly ReloadingFile<TenantSnapshot> _file;
    private volatile InForce? _current;
    private volatile string? _fileError;
    private readonly ConcurrentDictionary<string, CancellationTokenSource> _ends = new(StringComparer.Ordinal);
    private volatile FrozenSet<string> _suspended = FrozenSet<string>.Empty;

    /// <param name="path">Absolute.</param>
    /// <param name="models">Names of the available models; null: names of models are not checked.</param>
    /// <param name="fileIsOptional">In the Development environment a missing file means <see
    /// cref="TenantSnapshot.Development"/>.</param>
    public TenantDirectory(
        string path,
        IReadOnlyCollection<string>? models,
        bool fileIsOptional,
        TimeProvider clock,
        ILogger<TenantDirectory> log
    )
    {
        _path = path;
        _fileIsOptional = fileIsOptional;
        _clock = clock;
        _log = log;
        _file = new ReloadingFile<TenantSnapshot>(path, content => Parse(content, models), clock);
        StartupErrors = Load();
    }

    /// <summary>What is wrong with the tenants file at start. Not empty: the host must not run.</summary>
    public IReadOnlyList<string> StartupErrors { get; }

    public TenantSnapshot Current =>
        _current?.Snapshot ?? throw new InvalidOperationException("There is no valid tenants file: see StartupErrors");

    /// <summary>Whether no file was found and <see cref="TenantSnapshot.Development"/> is in force.</summary>
    public bool IsDevelopmentDefault => ReferenceEquals(_current?.Snapshot, TenantSnapshot.Development);

    /// <summary>What is in force, for the log at start.</summary>
    public string Description =>
        IsDevelopmentDefault
            ? $"default = callers on this machine, without limits (no tenants file at {_path})"
            : $"{Current.Tenants.Count} from {_path}";

    /// <summary>
    /// Every error of the file as it is now, if it is bad and an earlier one is still in force; else null.
    /// </summary>
    public string? FileError => _fileError;

    /// <summary>When <see cref="Current"/> came into force.</summary>
    public DateTimeOffset? LoadedAt => _current?.Since;

    /// <returns>The file as it is now; null: it cannot be read.</returns>
    public ReadOnlyMemory<byte>? ReadFile()
    {
        try
        {
            return File.ReadAllBytes(_path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    public bool IsSuspended(string tenantId) => _suspended.Contains(tenantId);

    /// <summary>Whether the tenant is in the file in force, and not suspended.</summary>
    public bool IsActive(string tenantId) => Current.Tenants.ContainsKey(tenantId) && !IsSuspended(tenantId);

    /// <summary>Is cancelled within a second after the tenant was suspended or removed.</summary>
    public CancellationToken EndOf(string tenantId) => _ends.GetOrAdd(tenantId, static _ => new CancellationTokenSource()).Token;

    /// <summary>Replaces the set of suspended tenants, which is kept in the store and not in the file.</summary>
    public void SetSuspended(IEnumerable<string> tenantIds) => _suspended = tenantIds.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>Reads the file if it has changed.</summary>
    /// <returns>What is wrong with it, if it was read and is bad: <c>#/json/pointer: text</c>.</returns>
    public IReadOnlyList<string> Load()
    {
        lock (_loading)
        {
            if (_file.Read() is not { } content)
                return [];
            if (content.Value is not null)
                return Use(content.Value);
            if (
                ReferenceEquals(content, FileContent<TenantSnapshot>.Missing)
                && _fileIsOptional
                && (_current is null || IsDevelopmentDefault)
            )
                return IsDevelopmentDefault ? [] : Use(TenantSnapshot.Development);
            return Refuse(content.Errors);
        }
    }

    public override Task StartAsync(CancellationToken cancellationToken) =>
        StartupErrors.Count == 0
            ? base.StartAsync(cancellationToken)
            : throw new InvalidOperationException(string.Join(Environment.NewLine, StartupErrors));

    protected override async Task ExecuteAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(ReloadingFile<TenantSnapshot>.Interval, _clock);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            Load();
            await EndInactiveAsync();
        }
    }

    private async Task EndInactiveAsync()
    {
        foreach (var (id, _) in _ends.Where(one => !IsActive(one.Key)))
        {
            // Not disposed of: a request may be about to use its token.
            if (_ends.TryRemove(id, out var end))
                await end.CancelAsync();
        }
    }

    private static FileContent<TenantSnapshot> Parse(ReadOnlyMemory<byte> content, IReadOnlyCollection<string>? models)
    {
        var (snapshot, violations) = TenantsFile.Read(content, models);
        return snapshot is null
            ? FileContent<TenantSnapshot>.Bad([.. violations.Select(violation => $"{violation.Pointer}: {violation.Detail}")])
            : FileContent<TenantSnapshot>.Good(snapshot);
    }

    private IReadOnlyList<string> Use(TenantSnapshot snapshot)
    {
        var replaced = _current;
        _current = new InForce(snapshot, _clock.GetUtcNow());
        _fileError = null;
        if (replaced is not null)
            Log.Reloaded(_log, Description);
        return [];
    }

    /// <summary>Logs the errors once, however often the same bad file is read.</summary>
    private IReadOnlyList<string> Refuse(IReadOnlyList<string> errors)
    {
        var all = string.Join('\n', errors);
        if (string.Equals(all, _fileError, StringComparison.Ordinal))
            return errors;
        _fileError = all;
        var consequence = _current is null ? "the gateway cannot start" : "the last good one stays in force";
        foreach (var error in errors)
            Log.Refused(_log, _path, consequence, error);
        return errors;
    }

    private sealed record InForce(TenantSnapshot Snapshot, DateTimeOffset Since);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "The tenants file has changed and is in force: {Tenants}")]
        public static partial void Reloaded(ILogger logger, string tenants);

        [LoggerMessage(Level = LogLevel.Error, Message = "Tenants file {Path} is refused, {Consequence}: {Fault}. Correct the file")]
        public static partial void Refused(ILogger logger, string path, string consequence, string fault);
    }
}
