using Gateway.Edge;
using Gateway.Leonardo.Key;

namespace Gateway.Leonardo;

/// <summary>Where the upstream is and how it is called (docs/settings.md).</summary>
internal sealed record LeonardoOptions
{
    /// <summary>Without a trailing slash; <c>/v2/generations</c> is appended.</summary>
    public required Uri BaseUrl { get; init; }

    /// <summary>
    /// The key itself, from the setting or the environment; null: it comes from a file, or there is none.
    /// </summary>
    public string? ApiKey { get; init; }

    public string? ApiKeyFile { get; init; }

    /// <summary>Of one upstream call, from connecting to the last byte of the reply.</summary>
    public required TimeSpan Timeout { get; init; }

    /// <summary>Whether the bundled simulator replaces the upstream.</summary>
    public required bool Simulator { get; init; }

    public static LeonardoOptions Read(Settings settings, bool development)
    {
        var apiKey = settings.GetString("Leonardo:ApiKey") ?? settings.GetString("LEONARDO_API_KEY");
        var apiKeyFile = settings.GetString("Leonardo:ApiKeyFile");
        var simulator = settings.Flag("Leonardo:Simulator", defaultValue: development && apiKey is null && apiKeyFile is null);

        if (simulator && (apiKey is not null || apiKeyFile is not null))
            settings.AddError("Leonardo:Simulator", "must not be true together with a key: set one or the other");
        if (!simulator && apiKey is null && apiKeyFile is null)
        {
            settings.AddError(
                "Leonardo:ApiKey",
                "is missing. Set it, or Leonardo:ApiKeyFile, or LEONARDO_API_KEY; or set Leonardo:Simulator=true to run without an account"
            );
        }
        if (apiKey is not null && !LeonardoKey.IsWellFormed(apiKey))
            settings.AddError("Leonardo:ApiKey", "must be one word of visible ASCII characters");
        if (apiKeyFile is not null && LeonardoKey.ReadKeys(apiKeyFile) is null)
            settings.AddError(
                "Leonardo:ApiKeyFile",
                "must name a readable file that holds the key and nothing else, or two keys on two lines"
            );

        return new LeonardoOptions
        {
            BaseUrl = ReadBaseUrl(settings),
            ApiKey = apiKeyFile is null ? apiKey : null,
            ApiKeyFile = apiKeyFile,
            Timeout = settings.Duration("Leonardo:Timeout", TimeSpan.FromSeconds(30)),
            Simulator = simulator,
        };
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
            return url;
        settings.AddError(Name, "must be an https address without user, query or fragment (http only to a loopback address)");
        return new Uri("https://cloud.leonardo.ai/api/rest");
    }
}
