namespace Gateway.Edge.Http;

/// <summary>The settings under <c>Limits</c>: what the server accepts from anyone, before identification.</summary>
/// <param name="Connections">Open at the same time; one more is closed immediately.</param>
/// <param name="HeadersTimeout">From the first byte of a request to the end of its headers.</param>
/// <param name="BodyTimeout">For a body that is read into memory completely.</param>
/// <param name="MinBytesPerSecond">Of a body received or an answer sent, after <paramref name="GracePeriod"/>.</param>
/// <param name="GracePeriod">More than a second: the server checks once a second.</param>
/// <param name="RequestsPerSecond">From one address, identified or not; twice as many in a burst. 0: unlimited.</param>
internal sealed record LimitOptions(
    int Connections,
    TimeSpan HeadersTimeout,
    TimeSpan BodyTimeout,
    int MinBytesPerSecond,
    TimeSpan GracePeriod,
    int RequestsPerSecond
)
{
    public static LimitOptions Read(Settings settings) =>
        new(
            settings.Integer("Limits:Connections", defaultValue: 10_000, 1, 1_000_000),
            settings.Duration("Limits:HeadersTimeout", TimeSpan.FromSeconds(10)),
            settings.Duration("Limits:BodyTimeout", TimeSpan.FromSeconds(30)),
            settings.Integer("Limits:MinBytesPerSecond", defaultValue: 240, 1, 1_000_000),
            ReadGracePeriod(settings),
            settings.Integer("Limits:RequestsPerSecond", defaultValue: 50_000, 0, 1_000_000)
        );

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
