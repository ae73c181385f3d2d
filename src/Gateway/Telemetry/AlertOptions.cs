using Gateway.Edge;

namespace Gateway.Telemetry;

/// <param name="Webhook">The address that quota alerts are posted to as JSON; null: none.</param>
internal sealed record AlertOptions(Uri? Webhook)
{
    public static AlertOptions Read(Settings settings)
    {
        const string Name = "Alerts:Webhook";
        if (settings.GetString(Name) is not { } text)
            return new AlertOptions((Uri?)null);
        if (
            Uri.TryCreate(text, UriKind.Absolute, out var url)
            && (url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && url.IsLoopback))
            && url is { UserInfo: "", Fragment: "" }
        )
            return new AlertOptions(url);
        settings.AddError(Name, "must be an https address without user or fragment (http only to a loopback address)");
        return new AlertOptions((Uri?)null);
    }
}
