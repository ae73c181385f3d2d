using Gateway.Edge.Outgoing;
using Gateway.Edge.Problems;
using Gateway.Leonardo.Origins;
using Gateway.Leonardo.Replies;

namespace Gateway.Uploads;

/// <summary>
/// Sends a file to its presigned address: without the key, which storage would refuse, and only to
/// <c>Leonardo:UploadOrigins</c>.
/// </summary>
internal sealed partial class UploadRelay(
    LeonardoOrigins origins,
    OutgoingConnections outgoing,
    TimeProvider time,
    ILogger<UploadRelay> log
) : IDisposable
{
    /// <summary>The lifetime of the form.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(2);

    private readonly HttpMessageInvoker _invoker = new(origins.Uploads.CreateTransport(outgoing));

    /// <returns>Null: stored. Otherwise the refusal for the caller.</returns>
    public async Task<Problem?> StoreAsync(UploadForm form, ReceivedFile file, CancellationToken cancellationToken)
    {
        if (!origins.Uploads.Permits(form.Url))
            return Fail("the address is not at one of Leonardo:UploadOrigins");
        using var timeout = new CancellationTokenSource(Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        using var request = new HttpRequestMessage(HttpMethod.Post, form.Url) { Content = new PresignedContent(form, file) };
        request.Headers.TryAddWithoutValidation("user-agent", "leonardo-gateway");
        try
        {
            using var response = await _invoker.SendAsync(request, either.Token);
            return (int)response.StatusCode switch
            {
                // Documented is 204; a form may ask storage for 200 or 201.
                204 or 200 or 201 => null,
                >= 400 and < 500 => new Problem(
                    ProblemTypes.UpstreamRejected,
                    "Leonardo's storage refused the file. Ask for a new upload address and send it again; nothing is charged for uploads."
                )
                {
                    Reason = "other",
                },
                var status => Fail(ConnectionFailure.Answer($"status {status}")),
            };
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            return Fail(timeout.IsCancellationRequested ? ConnectionFailure.Timeout(Timeout) : outgoing.Explain(exception, form.Url));
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            return Fail(outgoing.Explain(exception, form.Url));
        }
    }

    public void Dispose() => _invoker.Dispose();

    /// <summary>The address is not logged: it grants the right to store a file (T-B8).</summary>
    private Problem Fail(string why)
    {
        Log.NotRelayed(log, why);
        return new Problem(
            ProblemTypes.UpstreamUnreachable,
            "The file could not be sent to Leonardo's storage. Nothing is charged for uploads; try again."
        );
    }

    private static partial class Log
    {
        [LoggerMessage(
            Level = LogLevel.Warning,
            Message = "An upload could not be sent to Leonardo's storage: {Why}. Its caller got 502 and can try again"
        )]
        public static partial void NotRelayed(ILogger log, string why);
    }
}
