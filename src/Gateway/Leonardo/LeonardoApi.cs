using System.Text.Json;
using Gateway.Edge.Outgoing;
using Gateway.Edge.Problems;
using Gateway.Leonardo.Key;
using Gateway.Leonardo.Replies;

namespace Gateway.Leonardo;

/// <summary>
/// The calls to the upstream that cost nothing: reading, listing, deleting, and asking for upload forms. Time and size
/// of each are bounded.
/// </summary>
internal sealed class LeonardoApi(
    LeonardoAddress address,
    LeonardoKey key,
    LeonardoOptions options,
    OutgoingConnections outgoing,
    UpstreamStatus status,
    AccountRequests account,
    TimeProvider time
) : IDisposable
{
    /// <summary>As many as fit into one bounded reply with the longest prompts, in four bytes a character.</summary>
    public const int PageSize = 20;

    private const string Poll = "read";
    private const string List = "list";
    private const string Account = "account";

    /// <summary>Of its own, so that creations never wait for a connection that these calls hold.</summary>
    private readonly HttpMessageInvoker _invoker = new(new LeonardoTransport(key, outgoing), disposeHandler: true);

    public Task<ApiOutcome<UpstreamGeneration>> GetGenerationAsync(string id, CancellationToken cancellationToken) =>
        CallAsync(
            Poll,
            HttpMethod.Get,
            "/v1/generations/" + id,
            null,
            ApiReplyParser.Row("generations_by_pk", UpstreamGeneration.Parse),
            cancellationToken
        );

    /// <summary>One page of the whole account's generations. Their order is not documented.</summary>
    public Task<ApiOutcome<IReadOnlyList<UpstreamGeneration>>> ListGenerationsAsync(
        string userId,
        int offset,
        CancellationToken cancellationToken
    ) =>
        CallAsync(
            List,
            HttpMethod.Get,
            FormattableString.Invariant($"/v1/generations/user/{userId}?limit={PageSize}&offset={offset}"),
            null,
            ApiReplyParser.ParseGenerations,
            cancellationToken
        );

    /// <summary>The account's user id. No caller may see it (T-B14).</summary>
    public Task<ApiOutcome<string>> GetUserIdAsync(CancellationToken cancellationToken) =>
        CallAsync(Account, HttpMethod.Get, "/v1/me", null, ApiReplyParser.ParseUserId, cancellationToken);

    public Task<ApiOutcome<bool>> DeleteGenerationAsync(string id, CancellationToken cancellationToken) =>
        CallAsync(
            "delete",
            HttpMethod.Delete,
            "/v1/generations/" + id,
            null,
            ApiReplyParser.Row("delete_generations_by_pk", _ => true),
            cancellationToken
        );

    public Task<ApiOutcome<UploadForm>> CreateUploadAsync(string extension, CancellationToken cancellationToken) =>
        CallAsync(
            "upload",
            HttpMethod.Post,
            "/v1/init-image",
            JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, string>(StringComparer.Ordinal) { ["extension"] = extension }),
            ApiReplyParser.Row("uploadInitImage", UploadForm.Parse),
            cancellationToken
        );

    /// <summary>The address of an upload's bytes.</summary>
    public Task<ApiOutcome<string>> GetUploadUrlAsync(string id, CancellationToken cancellationToken) =>
        CallAsync(
            "read-upload",
            HttpMethod.Get,
            "/v1/init-image/" + id,
            null,
            ApiReplyParser.Row("init_images_by_pk", row => UpstreamJson.GetString(row, "url"u8)),
            cancellationToken
        );

    public Task<ApiOutcome<bool>> DeleteUploadAsync(string id, CancellationToken cancellationToken) =>
        CallAsync(
            "delete-upload",
            HttpMethod.Delete,
            "/v1/init-image/" + id,
            null,
            ApiReplyParser.Row("delete_init_images_by_pk", _ => true),
            cancellationToken
        );

    public void Dispose() => _invoker.Dispose();

    /// <param name="operation">Its label in metrics.</param>
    /// <param name="path">Built from constants and validated ids only.</param>
    private async Task<ApiOutcome<T>> CallAsync<T>(
        string operation,
        HttpMethod method,
        string path,
        byte[]? body,
        Func<JsonElement, ApiOutcome<T>> parse,
        CancellationToken cancellationToken
    )
    {
        if (account.TrySend(isOwn: operation is Poll or List or Account) is { } seconds)
            return new ApiOutcome<T>.Refused(
                ProblemTypes.UpstreamSaturated,
                "The organisation's account has no room for more requests in this minute. Nothing was sent and nothing was charged.",
                seconds
            );
        var began = time.GetTimestamp();
        var outcome = await SendAsync(method, path, body, parse, cancellationToken);
        status.Record(operation, outcome.ToLabel(), outcome.Fault, time.GetElapsedTime(began));
        return outcome;
    }

    private async Task<ApiOutcome<T>> SendAsync<T>(
        HttpMethod method,
        string path,
        byte[]? body,
        Func<JsonElement, ApiOutcome<T>> parse,
        CancellationToken cancellationToken
    )
    {
        using var timeout = new CancellationTokenSource(options.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        using var request = new HttpRequestMessage(method, address.For(path));
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.ContentType = new("application/json");
        }
        try
        {
            using var response = await _invoker.SendAsync(request, either.Token);
            return ApiReplyParser.Parse(await UpstreamReply.ReadAsync(response, either.Token), parse);
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            return new ApiOutcome<T>.Unclear(
                timeout.IsCancellationRequested
                    ? ConnectionFailure.Timeout(options.Timeout)
                    : outgoing.Explain(exception, request.RequestUri!)
            );
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            return new ApiOutcome<T>.Unclear(outgoing.Explain(exception, request.RequestUri!));
        }
    }
}
