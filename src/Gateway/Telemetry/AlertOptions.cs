using System.Globalization;
using Gateway.Edge;

namespace Gateway.Telemetry;

/// <summary>What the alert webhook's receiver understands.</summary>
internal enum AlertFormat
{
    /// <summary>The members of <see cref="QuotaAlert"/>.</summary>
    Json,

    /// <summary>A sentence as <c>text</c>: Slack, and the chats that take its webhooks.</summary>
    Slack,
}

/// <param name="Webhook">The address that quota alerts are posted to; null: none.</param>
/// <param name="Thresholds">Percent of a quota, each once, from 1 to 100.</param>
/// <param name="Attempts">How often the webhook is asked in all before an alert is given up.</param>
/// <param name="RetryDelay">After the first attempt; twice as long after each further one.</param>
internal sealed record AlertOptions(Uri? Webhook, AlertFormat Format, IReadOnlyList<int> Thresholds, int Attempts, TimeSpan RetryDelay)
{
    public static AlertOptions Read(Settings settings) =>
        new(
            ReadWebhook(settings),
            settings.Choice("Alerts:WebhookFormat", AlertFormat.Json),
            ReadThresholds(settings),
            settings.Integer("Alerts:WebhookAttempts", 5, 1, 20),
            settings.Duration("Alerts:WebhookRetryDelay", TimeSpan.FromSeconds(2))
        );

    private static Uri? ReadWebhook(Settings settings)
    {
        const string Name = "Alerts:Webhook";
        if (settings.GetString(Name) is not { } text)
            return null;
        if (
            Uri.TryCreate(text, UriKind.Absolute, out var url)
            && (url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && url.IsLoopback))
            && url is { UserInfo: "", Fragment: "" }
        )
            return url;
        settings.AddError(Name, "must be an https address without user or fragment (http only to a loopback address)");
        return null;
    }

    private static List<int> ReadThresholds(Settings settings)
    {
        const string Name = "Alerts:Thresholds";
        var thresholds = settings
            .List(Name, "50", "80", "95")
            .Select(text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var percent) ? percent : 0)
            .ToList();
        if (thresholds.TrueForAll(percent => percent is >= 1 and <= 100) && thresholds.Distinct().Count() == thresholds.Count)
            return thresholds;
        settings.AddError(Name, "must be different whole numbers from 1 to 100, percent of a quota");
        return [];
    }
}
