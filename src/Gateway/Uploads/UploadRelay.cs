using Gateway.Edge.Problems;
using Gateway.Leonardo.Origins;
using Gateway.Leonardo.Replies;

namespace Gateway.Uploads;

/// <summary>Hands a file to the presigned address: without the key (with it, storage refuses), and only at <c>Leonardo:UploadOrigins</c>.</summary>
internal sealed class UploadRelay(LeonardoOrigins origins, TimeProvider time, ILogger<UploadRelay> log) : IDisposable
{
    /// <summary>The form's own life is two minutes.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly HttpMessageInvoker _invoker = new(origins.Uploads.CreateTransport());

    /// <returns>Null: stored. Else what the caller is told.</returns>
    public async Task<Problem?> StoreAsync(UploadForm form, ReceivedFile file, CancellationToken cancellationToken)
    {
        if (!origins.Uploads.Permits(form.Url))
            return Fail("the address is not at one of Leonardo:UploadOrigins");
        using var timeout = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        using var request = new HttpRequestMessage(HttpMethod.Post, form.Url) { Content = new PresignedContent(form, file) };
        request.Headers.TryAddWithoutValidation("user-agent", "leonardo-gateway");
        try
        {
            using var response = await _invoker.SendAsync(request, either.Token);
            return (int)response.StatusCode switch
            {
                // 204 is what is documented; a form may ask its storage for one of the others.
                204 or 200 or 201 => null,
                >= 400 and < 500 => new Problem(
                    ProblemTypes.UpstreamRejected,
                    "Leonardo's storage refused the file. Ask for a new upload address and send it again; nothing is charged for uploads."
                )
                {
                    Reason = "other",
                },
                var status => Fail($"the storage answered {status}"),
            };
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Fail("the storage did not answer in time");
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            return Fail(
                exception is HttpRequestException { HttpRequestError: var error } ? $"no answer ({error})" : "the connection broke"
            );
        }
    }

    public void Dispose() => _invoker.Dispose();

    /// <summary>The address is not logged: it is the right to store a file.</summary>
    private Problem Fail(string why)
    {
        log.LogWarning("An upload could not be handed on: {Why}", why);
        return new Problem(
            ProblemTypes.UpstreamUnreachable,
            "The file could not be handed to Leonardo's storage. Nothing is charged for uploads; try again."
        );
    }
}
