using System.Text.Json;
using Gateway.Edge.Problems;
using Gateway.Leonardo.Replies;

namespace Gateway.Leonardo;

/// <summary>The calls to the upstream that cost nothing: reading, listing, deleting, and asking for upload forms. Bounded in time and length.</summary>
internal sealed class LeonardoApi(
    LeonardoAddress address,
    LeonardoTransport transport,
    LeonardoOptions options,
    UpstreamStatus status,
    TimeProvider time
) : IDisposable
{
    /// <summary>As many as fit into one bounded reply: a prompt may have 9999 characters of up to four bytes.</summary>
    public const int PageSize = 20;

    private readonly HttpMessageInvoker _invoker = new(transport, disposeHandler: false);

    public Task<ApiReply<UpstreamGeneration>> GenerationAsync(string id, CancellationToken cancellationToken) =>
        CallAsync(
            "read",
            HttpMethod.Get,
            "/v1/generations/" + id,
            null,
            Row(root => UpstreamGeneration.Read(root), "generations_by_pk"),
            cancellationToken
        );

    /// <summary>One page of the whole account's generations. Their order is not documented.</summary>
    public Task<ApiReply<IReadOnlyList<UpstreamGeneration>>> GenerationsAsync(
        string userId,
        int offset,
        CancellationToken cancellationToken
    ) =>
        CallAsync(
            "list",
            HttpMethod.Get,
            FormattableString.Invariant($"/v1/generations/user/{userId}?limit={PageSize}&offset={offset}"),
            null,
            root =>
                Member(root, "generations") is { ValueKind: JsonValueKind.Array } list && UpstreamGeneration.ReadAll(list) is { } rows
                    ? Found(rows)
                    : Unreadable<IReadOnlyList<UpstreamGeneration>>(),
            cancellationToken
        );

    /// <summary>The account's user id. It is never told to a caller.</summary>
    public Task<ApiReply<string>> UserIdAsync(CancellationToken cancellationToken) =>
        CallAsync("account", HttpMethod.Get, "/v1/me", null, ReadUserId, cancellationToken);

    /// <summary>Missing counts as deleted: nothing is left of it.</summary>
    public Task<ApiReply<bool>> DeleteGenerationAsync(string id, CancellationToken cancellationToken) =>
        CallAsync(
            "delete",
            HttpMethod.Delete,
            "/v1/generations/" + id,
            null,
            Row(_ => true, "delete_generations_by_pk"),
            cancellationToken
        );

    public Task<ApiReply<UploadForm>> CreateUploadAsync(string extension, CancellationToken cancellationToken) =>
        CallAsync(
            "upload",
            HttpMethod.Post,
            "/v1/init-image",
            () => JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, string>(StringComparer.Ordinal) { ["extension"] = extension }),
            Row(UploadForm.Read, "uploadInitImage"),
            cancellationToken
        );

    /// <summary>The address of an upload's bytes.</summary>
    public Task<ApiReply<string>> UploadAsync(string id, CancellationToken cancellationToken) =>
        CallAsync(
            "read-upload",
            HttpMethod.Get,
            "/v1/init-image/" + id,
            null,
            Row(row => Member(row, "url") is { } url ? UpstreamError.Text(url) : null, "init_images_by_pk"),
            cancellationToken
        );

    public Task<ApiReply<bool>> DeleteUploadAsync(string id, CancellationToken cancellationToken) =>
        CallAsync(
            "delete-upload",
            HttpMethod.Delete,
            "/v1/init-image/" + id,
            null,
            Row(_ => true, "delete_init_images_by_pk"),
            cancellationToken
        );

    public void Dispose() => _invoker.Dispose();

    /// <param name="operation">What it is called in figures.</param>
    /// <param name="path">Built from constants and ids that were checked.</param>
    private async Task<ApiReply<T>> CallAsync<T>(
        string operation,
        HttpMethod method,
        string path,
        Func<byte[]>? body,
        Func<JsonElement, ApiReply<T>> read,
        CancellationToken cancellationToken
    )
    {
        var began = time.GetTimestamp();
        var reply = await SendAsync(method, path, body, read, cancellationToken);
        status.Record(operation, reply.Word, reply.Fault, time.GetElapsedTime(began));
        return reply;
    }

    private async Task<ApiReply<T>> SendAsync<T>(
        HttpMethod method,
        string path,
        Func<byte[]>? body,
        Func<JsonElement, ApiReply<T>> read,
        CancellationToken cancellationToken
    )
    {
        using var timeout = new CancellationTokenSource(options.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        using var request = new HttpRequestMessage(method, address.For(path));
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body());
            request.Content.Headers.ContentType = new("application/json");
        }
        try
        {
            using var response = await _invoker.SendAsync(request, either.Token);
            return Judge(await UpstreamReply.ReadAsync(response, either.Token), read);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new ApiReply<T>.Unclear($"no answer within {options.Timeout.TotalSeconds:0.#} s");
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            return new ApiReply<T>.Unclear("no connection");
        }
    }

    private static ApiReply<T> Judge<T>(UpstreamReply reply, Func<JsonElement, ApiReply<T>> read)
    {
        using var json = CreationReply.Parse(reply.Body);
        if (reply.Status != 200)
            return OfStatus<T>(reply.Status, reply.RetryAfter);
        if (json is null)
            return Unreadable<T>();
        return UpstreamError.IsIn(json.RootElement)
            ? OfStatus<T>(UpstreamError.Read(json.RootElement).Status ?? 0, reply.RetryAfter)
            : read(json.RootElement);
    }

    private static ApiReply<T> OfStatus<T>(int status, int? retryAfter) =>
        status switch
        {
            404 => new ApiReply<T>.Missing(),
            401 or 403 => new ApiReply<T>.Refused(
                ProblemTypes.UpstreamCredentials,
                "Leonardo refused the gateway's key. An operator has to put a valid key in place."
            ),
            429 => new ApiReply<T>.Refused(
                ProblemTypes.UpstreamSaturated,
                "The organisation's account took no more requests at this moment. Try again later.",
                Math.Clamp(retryAfter ?? 10, 1, 300)
            ),
            >= 400 and < 500 => new ApiReply<T>.Refused(
                ProblemTypes.UpstreamRejected,
                "Leonardo refused this call without a reason the gateway knows."
            ),
            _ => new ApiReply<T>.Unclear($"the upstream answered {status}"),
        };

    /// <summary>Reads <c>{"name": row}</c>; a row that is null is missing.</summary>
    private static Func<JsonElement, ApiReply<T>> Row<T>(Func<JsonElement, T?> read, string name) =>
        root =>
            Member(root, name) switch
            {
                { ValueKind: JsonValueKind.Null } => new ApiReply<T>.Missing(),
                { ValueKind: JsonValueKind.Object } row when read(row) is { } value => Found(value),
                _ => Unreadable<T>(),
            };

    private static ApiReply<string> ReadUserId(JsonElement root) =>
        Member(root, "user_details") is { ValueKind: JsonValueKind.Array } details
        && details.GetArrayLength() > 0
        && Member(details[0], "user") is { } user
        && Member(user, "id") is { } id
        && CreationReply.CanonicalId(UpstreamError.Text(id)) is { } userId
            ? Found(userId)
            : Unreadable<string>();

    private static JsonElement? Member(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var member) ? member : null;

    private static ApiReply<T> Found<T>(T value) => new ApiReply<T>.Found(value);

    private static ApiReply<T> Unreadable<T>() => new ApiReply<T>.Unclear("the upstream's answer could not be read");
}
