using Gateway.Edge;

namespace Gateway.Leonardo.Key;

/// <summary>Where the organisation's key comes from (docs/settings.md).</summary>
/// <param name="Key">
/// The key itself, from the setting or the environment; null: it comes from the file, or there is none.
/// </param>
internal sealed record KeyOptions(string? Key, string? File)
{
    public bool IsSet => Key is not null || File is not null;

    public static KeyOptions Read(Settings settings)
    {
        var key = settings.GetString("Leonardo:ApiKey") ?? settings.GetString("LEONARDO_API_KEY");
        var file = settings.GetString("Leonardo:ApiKeyFile");
        if (key is not null && !LeonardoKey.IsWellFormed(key))
            settings.AddError("Leonardo:ApiKey", "must be one word of visible ASCII characters");
        if (file is not null && LeonardoKey.ReadKeys(file) is null)
            settings.AddError(
                "Leonardo:ApiKeyFile",
                "must name a readable file that holds the key and nothing else, or two keys on two lines"
            );
        return new KeyOptions(file is null ? key : null, file);
    }
}
