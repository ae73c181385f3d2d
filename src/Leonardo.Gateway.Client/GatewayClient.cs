using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Options;

namespace Leonardo.Gateway.Client;

/// <summary>The calls of a team. Each can throw a <see cref="GatewayException"/>.</summary>
/// <param name="http">With the address of the gateway, which ends in a slash, and no time-out of its own.</param>
public sealed class GatewayClient(HttpClient http, IOptions<GatewayClientOptions> options, TimeProvider time)
{
    private static readonly TimeSpan PollPause = TimeSpan.FromSeconds(2);

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    /// <summary>Makes images and waits for them. One call is paid once, however often it is sent.</summary>
    /// <param name="idempotencyKey">Your own, stored first, if another process may go on; else one is drawn.</param>
    /// <param name="cancellationToken">Ends the waiting. What was sent to Leonardo is made, and charged.</param>
    /// <returns>The generation once it has ended: <c>COMPLETE</c> or <c>FAILED</c>.</returns>
    public async Task<GenerationResult> GenerateAsync(
        GenerationBody request,
        string? idempotencyKey = null,
        CancellationToken cancellationToken = default
    )
    {
        var call = new Call(time.GetTimestamp(), idempotencyKey ?? Guid.NewGuid().ToString());
        var created = await SendAsync<GenerationCreated>(wait => Post(request, wait, call.Key), cancellationToken, call, IsPending)
            .ConfigureAwait(false);
        if (created.GenerationsByPk is { Status: not GenerationResultStatus.PENDING } ended)
            return ended;
        var found = await EndAsync(call with { Generation = created.Generate!.GenerationId }, cancellationToken).ConfigureAwait(false);
        return found.GenerationsByPk;
    }

    /// <summary>What a request would cost and whether it is allowed now. Nothing is sent or reserved.</summary>
    public Task<QuoteAnswer> QuoteAsync(GenerationBody request, CancellationToken cancellationToken = default) =>
        SendAsync<QuoteAnswer>(_ => Post("v2/generations/quote", request), cancellationToken);

    /// <summary>A generation as it is now.</summary>
    public async Task<GenerationResult> GetGenerationAsync(Guid id, CancellationToken cancellationToken = default) =>
        (await SendAsync<GenerationFound>(_ => Get($"v1/generations/{id}"), cancellationToken).ConfigureAwait(false)).GenerationsByPk;

    /// <summary>A generation once it has ended.</summary>
    public async Task<GenerationResult> WaitForGenerationAsync(Guid id, CancellationToken cancellationToken = default) =>
        (await EndAsync(new(time.GetTimestamp(), Generation: id), cancellationToken).ConfigureAwait(false)).GenerationsByPk;

    /// <summary>The team's generations, newest first.</summary>
    /// <param name="after">The <c>Next</c> of the previous page; null: the first page.</param>
    public Task<GenerationList> ListGenerationsAsync(string? after = null, int limit = 10, CancellationToken cancellationToken = default) =>
        SendAsync<GenerationList>(_ => Get($"v1/generations?{Page(limit, after)}"), cancellationToken);

    /// <summary>Deletes a generation here and at Leonardo. A repetition that finds nothing is a success.</summary>
    public async Task DeleteGenerationAsync(Guid id, CancellationToken cancellationToken = default)
    {
        try
        {
            await SendAsync<GenerationDeleted>(_ => new(HttpMethod.Delete, $"v1/generations/{id}"), cancellationToken)
                .ConfigureAwait(false);
        }
        catch (GatewayException gone) when (gone is { IsRepeat: true, Type: "/problems/not-found" }) { }
    }

    /// <summary>The bytes of one of a generation's images, read while they arrive; dispose of it.</summary>
    /// <param name="width">320 or 640: a WebP of this width at most; null: the image itself.</param>
    public Task<Stream> OpenImageAsync(Guid generation, Guid image, int? width = null, CancellationToken cancellationToken = default) =>
        SendAsync(
            _ => Get($"v1/generations/{generation}/images/{image}?{Parameter("width", width?.ToString(CultureInfo.InvariantCulture))}"),
            cancellationToken,
            readAsync: (response, body) => response.Content.ReadAsStreamAsync(body)
        );

    /// <summary>Uploads a PNG, JPEG or WebP of at most 25 MB. It is sent once, and its stream stays open.</summary>
    /// <returns>The <c>Image</c> of an <see cref="ImageReference"/>.</returns>
    public Task<ReferencedImage> UploadAsync(Stream image, string fileName, CancellationToken cancellationToken = default)
    {
        var form = new MultipartFormDataContent { { new StreamContent(image), "file", fileName } };
        return SendAsync<ReferencedImage>(_ => new(HttpMethod.Post, "v1/uploads") { Content = form }, cancellationToken, attempts: 1);
    }

    /// <summary>Who the gateway takes the caller for, what is left of its quotas, and what was spent.</summary>
    public Task<UsageReport> GetUsageAsync(CancellationToken cancellationToken = default) =>
        SendAsync<UsageReport>(_ => Get("v1/usage"), cancellationToken);

    /// <summary>The models that the team may use, with their limits, styles and prices.</summary>
    public Task<ModelList> ListModelsAsync(CancellationToken cancellationToken = default) =>
        SendAsync<ModelList>(_ => Get("v2/models"), cancellationToken);

    /// <summary>Accepts a request at once. It is sent when its turn comes, even if this process ends.</summary>
    public Task<JobFound> SubmitJobAsync(
        GenerationBody request,
        string? idempotencyKey = null,
        CancellationToken cancellationToken = default
    )
    {
        var call = new Call(time.GetTimestamp(), idempotencyKey ?? Guid.NewGuid().ToString());
        return SendAsync<JobFound>(_ => Post(request, "respond-async", call.Key), cancellationToken, call);
    }

    /// <summary>A job as it is now.</summary>
    public Task<JobFound> GetJobAsync(Guid id, CancellationToken cancellationToken = default) =>
        SendAsync<JobFound>(_ => Get($"v1/jobs/{id}"), cancellationToken);

    /// <summary>A job once it has ended, in whichever way.</summary>
    public Task<JobFound> WaitForJobAsync(Guid id, CancellationToken cancellationToken = default) =>
        SendAsync<JobFound>(
            wait => Get($"v1/jobs/{id}", wait),
            cancellationToken,
            isPending: found => found.Job?.Id == id ? found.Job.Status is JobStateStatus.QUEUED or JobStateStatus.RUNNING : throw NoId
        );

    /// <summary>Cancels a job that is still queued. One that was sent: <c>/problems/job-not-queued</c>.</summary>
    public Task<JobFound> CancelJobAsync(Guid id, CancellationToken cancellationToken = default) =>
        SendAsync<JobFound>(_ => new(HttpMethod.Delete, $"v1/jobs/{id}"), cancellationToken);

    /// <summary>The team's jobs, newest first; with a status, only those.</summary>
    public Task<JobList> ListJobsAsync(
        JobStateStatus? status = null,
        string? after = null,
        int limit = 10,
        CancellationToken cancellationToken = default
    ) => SendAsync<JobList>(_ => Get($"v1/jobs?{Page(limit, after)}{Parameter("status", status?.ToString())}"), cancellationToken);

    private static string Page(int limit, string? after) =>
        $"limit={limit.ToString(CultureInfo.InvariantCulture)}{Parameter("after", after)}";

    private static string Parameter(string name, string? value) => value is null ? "" : $"&{name}={Uri.EscapeDataString(value)}";

    private static HttpRequestMessage Get(string path) => new(HttpMethod.Get, path);

    private static HttpRequestMessage Get(string path, string prefer) => new(HttpMethod.Get, path) { Headers = { { "Prefer", prefer } } };

    private static HttpRequestMessage Post(string path, GenerationBody body) =>
        new(HttpMethod.Post, path) { Content = JsonContent.Create(body, options: Json) };

    private static HttpRequestMessage Post(GenerationBody body, string prefer, string? key)
    {
        var request = Post("v2/generations", body);
        request.Headers.Add("Prefer", prefer);
        request.Headers.Add("Idempotency-Key", key);
        return request;
    }

    private Task<GenerationFound> EndAsync(Call call, CancellationToken cancellationToken) =>
        SendAsync<GenerationFound>(
            wait => Get($"v1/generations/{call.Generation}", wait),
            cancellationToken,
            call,
            found =>
                found.GenerationsByPk is { } one && one.Id == call.Generation ? one.Status == GenerationResultStatus.PENDING : throw NoId
        );

    private static bool IsPending(GenerationCreated answer) =>
        answer.Generate?.GenerationId is { } id && id != default ? false : throw NoId;

    private static JsonException NoId => new("no id");

    /// <summary>Only what may be sent again without another effect has more than one attempt.</summary>
    /// <param name="isPending">Whether an answer is to be asked for again.</param>
    private async Task<T> SendAsync<T>(
        Func<string, HttpRequestMessage> create,
        CancellationToken cancellationToken,
        Call? call = null,
        Func<T, bool>? isPending = null,
        Func<HttpResponseMessage, CancellationToken, Task<T>>? readAsync = null,
        int? attempts = null
    )
    {
        var isRepeat = false;
        call ??= new(time.GetTimestamp());
        for (var attempt = 1; ; attempt++)
        {
            var limit = TimeSpan.FromTicks(Math.Clamp(Left(call).Ticks, 0, options.Value.Timeout.Ticks));
            using var timeout = new CancellationTokenSource(limit, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
            // Disposing of it would close the stream of an upload, which is the caller's.
            var request = create($"wait={(int)Math.Clamp(limit.TotalSeconds - 5, 0, 60)}");
            HttpResponseMessage? answer = null;
            GatewayException failure;
            try
            {
                answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token).ConfigureAwait(false);
                if (answer.IsSuccessStatusCode)
                {
                    var result = await (readAsync ?? ReadAsync<T>)(answer, either.Token).ConfigureAwait(false);
                    if (isPending?.Invoke(result) != true)
                        return result;
                    var late = $"{request.RequestUri} has not ended within {options.Value.CallTimeout} (CallTimeout). Wait for it again.";
                    (failure, attempt) = (new(request, null, null, late, new TimeoutException(late)) { RetryAfter = PollPause }, 0);
                }
                else
                    failure = Refused(request, answer, await answer.Content.ReadAsByteArrayAsync(either.Token).ConfigureAwait(false));
            }
            catch (Exception fault)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var cause = timeout.IsCancellationRequested ? new TimeoutException($"none within {limit}", fault) : fault;
                // The answer of something else, which will not change.
                var other = fault is JsonException or NotSupportedException or InvalidOperationException ? answer : null;
                var what = other is null ? "No answer" : $"{(int)other.StatusCode} with a body that cannot be read";
                failure = new(request, other, null, $"{what} ({cause.Message}). With its key a request is paid once.", cause);
            }
            answer?.Dispose();
            // Doubles from half a second: eight attempts pause for about a minute, as long as a restart takes.
            var pause = TimeSpan.FromMilliseconds(250 * Math.Pow(2, Math.Min(attempt, 7)));
            pause = failure.RetryAfter > pause ? failure.RetryAfter.Value : pause;
            (failure.IsRepeat, failure.IdempotencyKey, failure.GenerationId) = (isRepeat, call.Key, call.Generation);
            isRepeat |= failure.MayHaveActed;
            if (!failure.IsPassing || attempt >= (attempts ?? options.Value.Attempts) || Left(call) < pause + PollPause)
                throw failure;
            await Task.Delay(pause, time, cancellationToken).ConfigureAwait(false);
        }
    }

    private TimeSpan Left(Call call) => options.Value.CallTimeout - time.GetElapsedTime(call.Start);

    private static async Task<T> ReadAsync<T>(HttpResponseMessage answer, CancellationToken cancellationToken) =>
        await answer.Content.ReadFromJsonAsync<T>(Json, cancellationToken).ConfigureAwait(false) ?? throw new JsonException("null");

    private static GatewayException Refused(HttpRequestMessage request, HttpResponseMessage answer, byte[] body)
    {
        var isProblem = answer.Content.Headers.ContentType?.MediaType == "application/problem+json";
        var detail = $"{(int)answer.StatusCode} {answer.ReasonPhrase}: not an answer of the gateway, but of something before it.";
        return new(request, answer, isProblem ? JsonSerializer.Deserialize<Problem>(body) : null, detail, null);
    }

    /// <summary>Its exceptions say what is needed to go on.</summary>
    private sealed record Call(long Start, string? Key = null, Guid? Generation = null);
}
