using Gateway.Edge;
using Gateway.Leonardo.Key;

namespace Gateway.Webhooks;

/// <param name="Key">
/// The bearer value that the upstream is configured to send; null: it comes from the file, or webhooks are off.
/// </param>
/// <param name="KeyFile">Read again when it changes, so that the key can be rotated.</param>
internal sealed record WebhookOptions(string? Key, string? KeyFile)
{
    public bool IsOn => Key is not null || KeyFile is not null;

    public static WebhookOptions Read(Settings settings)
    {
        var options = new WebhookOptions(settings.GetString("Leonardo:WebhookKey"), settings.GetString("Leonardo:WebhookKeyFile"));
        if (options.Key is { } key && !LeonardoKey.IsWellFormed(key))
            settings.AddError("Leonardo:WebhookKey", "must be one word of visible ASCII characters");
        if (options.KeyFile is { } file && LeonardoKey.ReadFile(file) is null)
            settings.AddError("Leonardo:WebhookKeyFile", "must name a readable file that holds the key and nothing else");
        return options;
    }
}
