using Gateway.Edge.Delivery;

namespace Gateway.Generations;

/// <summary>Reports whether the caller of an answer without an Idempotency-Key has received it.</summary>
internal sealed class AnswerReport(HttpContext context, PendingAnswer answer, TimeProvider time)
{
    private WatchedAnswer? _watched;

    /// <summary>For an answer that has not started: an error delivers nothing.</summary>
    public static void Attach(HttpContext context, PendingAnswer answer, TimeProvider time)
    {
        var report = new AnswerReport(context, answer, time);
        context.Response.OnStarting(() =>
        {
            report.Begin(context.Response.StatusCode < StatusCodes.Status300MultipleChoices);
            return Task.CompletedTask;
        });
        context.Response.OnCompleted(report.EndAsync);
    }

    /// <summary>For an event stream that has started: what is written from now on is the result.</summary>
    public static void AttachToStream(HttpContext context, PendingAnswer answer, TimeProvider time)
    {
        var report = new AnswerReport(context, answer, time);
        report.Begin(delivers: true);
        context.Response.OnCompleted(report.EndAsync);
    }

    /// <summary>From the first byte of the answer on, the connection shows whether the caller received it.</summary>
    private void Begin(bool delivers)
    {
        answer.Writing();
        if (delivers)
            _watched = AnswerDelivery.Watch(context);
    }

    /// <summary>Does not wait for what happens after the answer: the connection is free for the next request.</summary>
    private Task EndAsync()
    {
        answer.Written(time.GetTimestamp());
        _ = ReportAsync(HttpProtocol.IsHttp2(context.Request.Protocol) && context.RequestAborted.IsCancellationRequested);
        return Task.CompletedTask;
    }

    private async Task ReportAsync(bool isStreamReset)
    {
        if (_watched is not null && await _watched.IsDeliveredAsync(isStreamReset))
            answer.Deliver();
        else
            await answer.HangUpAsync();
    }
}
