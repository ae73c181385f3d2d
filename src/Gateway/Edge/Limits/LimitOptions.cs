namespace Gateway.Edge.Limits;

/// <summary>The settings under <c>Limits</c>: what the server accepts from anyone, before identification.</summary>
/// <param name="Connections">
/// Open at the same time: the setting, lowered to what fits into <paramref name="FileLimit"/>.
/// </param>
/// <param name="FileLimit">The process's limit of open files; null: none.</param>
/// <param name="HeadersTimeout">From the first byte of a request to the end of its headers.</param>
/// <param name="BodyTimeout">For a body that is read into memory completely.</param>
/// <param name="MinBytesPerSecond">Of a body received or an answer sent, after <paramref name="GracePeriod"/>.</param>
/// <param name="GracePeriod">More than a second: the server checks once a second.</param>
/// <param name="RequestsPerSecond">From one address, identified or not; twice as many in a burst. 0: unlimited.</param>
/// <param name="AnonymousRequestsPerSecond">
/// From one address, of requests without a tenant; twice as many in a burst. 0: unlimited.
/// </param>
internal sealed record LimitOptions(
    int Connections,
    long? FileLimit,
    TimeSpan HeadersTimeout,
    TimeSpan BodyTimeout,
    int MinBytesPerSecond,
    TimeSpan GracePeriod,
    int RequestsPerSecond,
    int AnonymousRequestsPerSecond
)
{
    /// <summary>With fewer, probes and a few callers alone would use all.</summary>
    private const int FewestConnections = 64;

    private const int MostOutgoing = 256;
    private const string ConnectionsName = "Limits:Connections";

    /// <summary>
    /// Read before all other settings: with very few open files the runtime cannot even load what reads them. Null: the
    /// limit of open files suffices.
    /// </summary>
    public static string? TooFewFiles =>
        OpenFiles.Limit is { } files && OpenFiles.Refuse(files, FewestConnections) is { } why ? $"{ConnectionsName}: {why}" : null;

    /// <summary>
    /// Connections to one host that the gateway calls: a small process must not spend its files on them either.
    /// </summary>
    public int OutgoingConnections => Math.Clamp(Connections / 8, 16, MostOutgoing);

    /// <param name="fileLimit">The process's limit of open files; null: none.</param>
    public static LimitOptions Read(Settings settings, long? fileLimit) =>
        new(
            ReadConnections(settings, fileLimit),
            fileLimit,
            settings.Duration("Limits:HeadersTimeout", TimeSpan.FromSeconds(10)),
            settings.Duration("Limits:BodyTimeout", TimeSpan.FromSeconds(30)),
            settings.Integer("Limits:MinBytesPerSecond", defaultValue: 240, 1, 1_000_000),
            ReadGracePeriod(settings),
            settings.Integer("Limits:RequestsPerSecond", defaultValue: 50_000, 0, 1_000_000),
            settings.Integer("Limits:AnonymousRequestsPerSecond", defaultValue: 50, 0, 1_000_000)
        );

    private static int ReadConnections(Settings settings, long? fileLimit)
    {
        var wanted = settings.Integer(ConnectionsName, defaultValue: 10_000, 1, 1_000_000);
        if (fileLimit is not { } files)
            return wanted;
        if (OpenFiles.Refuse(files, FewestConnections) is { } why)
            settings.AddError(ConnectionsName, why);
        return Math.Clamp(OpenFiles.ConnectionsWithin(files), 1, wanted);
    }

    private static TimeSpan ReadGracePeriod(Settings settings)
    {
        const string Name = "Limits:GracePeriod";
        var defaultValue = TimeSpan.FromSeconds(5);
        var value = settings.Duration(Name, defaultValue);
        if (value > TimeSpan.FromSeconds(1))
            return value;
        settings.AddError(Name, "must be more than 00:00:01");
        return defaultValue;
    }
}
