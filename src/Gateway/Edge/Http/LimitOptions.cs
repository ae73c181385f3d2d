namespace Gateway.Edge.Http;

/// <summary>The settings under <c>Limits</c>: what the server takes from anybody, before it knows who it is.</summary>
/// <param name="Connections">Open at once; one more is closed at once, the others are served on.</param>
/// <param name="HeadersTimeout">From the first byte of a request to the end of its headers.</param>
/// <param name="BodyTimeout">For a body that is read into memory whole.</param>
/// <param name="MinBytesPerSecond">Of a body coming or an answer going, after <paramref name="GracePeriod"/>.</param>
/// <param name="GracePeriod">More than a second: the server looks once a second.</param>
/// <param name="RequestsPerSecond">From one address, identified or not; twice as many in one burst. 0: not limited.</param>
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
