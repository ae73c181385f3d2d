using System.Net;
using System.Net.Http.Json;
using System.Threading.Channels;
using Gateway.Edge.Outgoing;

namespace Gateway.Telemetry;

/// <summary>
/// Posts quota alerts one after the other, and tries again while the receiver cannot be reached. Nothing waits for it.
/// </summary>
internal sealed partial class AlertWebhook(
    AlertOptions options,
    OutgoingConnections outgoing,
    GatewayMetrics metrics,
    TimeProvider time,
    ILogger<AlertWebhook> log
) : BackgroundService
{
    private const int MaxQueued = 1000;
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromMinutes(5);

    private readonly HttpClient _http = new(outgoing.CreateTransport()) { Timeout = Timeout };
    private readonly Channel<QuotaAlert> _queue = Channel.CreateBounded<QuotaAlert>(MaxQueued);

    /// <summary>Does nothing without a webhook.</summary>
    public void Send(QuotaAlert alert)
    {
        if (options.Webhook is not null && !_queue.Writer.TryWrite(alert))
            GiveUp("too many alerts are waiting");
    }

    public override void Dispose()
    {
        _http.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken cancellationToken)
    {
        await foreach (var alert in _queue.Reader.ReadAllAsync(cancellationToken))
            await DeliverAsync(alert, cancellationToken);
    }

    private async Task DeliverAsync(QuotaAlert alert, CancellationToken cancellationToken)
    {
        var delay = options.RetryDelay;
        for (var attempt = 1; ; attempt++)
        {
            var (failure, isFinal, retryAfter) = await PostAsync(alert, cancellationToken);
            if (failure is null)
                return;
            if (isFinal || attempt == options.Attempts)
            {
                GiveUp(failure);
                return;
            }
            var pause = retryAfter > delay ? retryAfter.Value : delay;
            await Task.Delay(pause < LongestDelay ? pause : LongestDelay, time, cancellationToken);
            delay = delay < LongestDelay ? delay * 2 : delay;
        }
    }

    /// <returns>Why it failed, whether trying again is useless, and how long the receiver asks to wait.</returns>
    private async Task<(string? Failure, bool IsFinal, TimeSpan? RetryAfter)> PostAsync(
        QuotaAlert alert,
        CancellationToken cancellationToken
    )
    {
        try
        {
            using var content =
                options.Format == AlertFormat.Slack
                    ? JsonContent.Create(new Dictionary<string, string>(StringComparer.Ordinal) { ["text"] = alert.Sentence })
                    : JsonContent.Create(alert);
            // Some receivers refuse a body without a length.
            await content.LoadIntoBufferAsync(cancellationToken);
            using var answer = await _http.PostAsync(options.Webhook, content, cancellationToken);
            if (answer.IsSuccessStatusCode)
                return default;
            var mayPass = answer.StatusCode is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= (HttpStatusCode)500;
            return ($"status {(int)answer.StatusCode}", !mayPass, answer.Headers.RetryAfter?.Delta);
        }
        catch (Exception failure)
            when (failure is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return (outgoing.Explain(failure, options.Webhook!), false, null);
        }
    }

    private void GiveUp(string failure)
    {
        metrics.AlertWebhookFailures.Inc();
        Log.WebhookFailed(log, failure);
    }

    private static partial class Log
    {
        [LoggerMessage(
            Level = LogLevel.Error,
            Message = "The alert webhook did not accept an alert ({Failure}) and does not get it again: the alert is in this log"
        )]
        public static partial void WebhookFailed(ILogger logger, string failure);
    }
}
