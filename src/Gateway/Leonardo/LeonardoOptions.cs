using Gateway.Edge;
using Gateway.Leonardo.Key;

namespace Gateway.Leonardo;

/// <summary>Where the upstream is and how it is called (docs/settings.md).</summary>
/// <param name="BaseUrl">Without a trailing slash; <c>/v2/generations</c> is appended.</param>
/// <param name="Timeout">Of one upstream call, from connecting to the last byte of the reply.</param>
/// <param name="RequestsPerMinute">Of the account, all replicas and all kinds of calls together.</param>
/// <param name="Simulator">Whether the bundled simulator replaces the upstream.</param>
internal sealed record LeonardoOptions(Uri BaseUrl, TimeSpan Timeout, int RequestsPerMinute, bool Simulator)
{
    public static LeonardoOptions Read(Settings settings, KeyOptions key, bool isDevelopment)
    {
        var simulator = settings.Flag("Leonardo:Simulator", defaultValue: isDevelopment && !key.IsSet);
        if (simulator && key.IsSet)
            settings.AddError("Leonardo:Simulator", "must not be true together with a key: set one or the other");
        if (!simulator && !key.IsSet)
        {
            settings.AddError(
                "Leonardo:ApiKey",
                "is missing. Set it, or Leonardo:ApiKeyFile, or LEONARDO_API_KEY; or set Leonardo:Simulator=true to run without an account"
            );
        }
        return new LeonardoOptions(
            ReadBaseUrl(settings),
            settings.Duration("Leonardo:Timeout", TimeSpan.FromSeconds(30)),
            settings.Integer("Leonardo:RequestsPerMinute", defaultValue: 2000, min: 1, max: 100_000_000),
            simulator
        );
    }

    /// <summary>Only https, or http to this machine: the key is sent there (T-C8).</summary>
    private static Uri ReadBaseUrl(Settings settings)
    {
        const string Name = "Leonardo:BaseUrl";
        var text = settings.GetString(Name) ?? "https://cloud.leonardo.ai/api/rest";
        if (
            Uri.TryCreate(text.TrimEnd('/'), UriKind.Absolute, out var url)
            && (url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && url.IsLoopback))
            && url is { UserInfo: "", Query: "", Fragment: "" }
        )
        {
            if (url.Segments[^1].ToLowerInvariant() is "v1" or "v2")
                settings.AddError(Name, $"must not end in /{url.Segments[^1]}: the gateway appends /v1 and /v2 itself");
            return url;
        }
        settings.AddError(Name, "must be an https address without user, query or fragment (http only to a loopback address)");
        return new Uri("https://cloud.leonardo.ai/api/rest");
    }
}
