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
    private const string Wait = "wait=60";

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
        var key = idempotencyKey ?? Guid.NewGuid().ToString();
        var created = await SendAsync<GenerationCreated>(() => Post("v2/generations", request, Wait, key), cancellationToken)
            .ConfigureAwait(false);
        if (created.GenerationsByPk is { Status: not GenerationResultStatus.PENDING } ended)
            return ended;
        var id = created.Generate?.GenerationId;
        try
        {
            return await WaitForGenerationAsync(id ?? throw GatewayException.Lost(null, "no id"), cancellationToken).ConfigureAwait(false);
        }
        catch (GatewayException failure)
        {
            (failure.IdempotencyKey, failure.GenerationId) = (key, id);
            throw;
        }
    }

    /// <summary>What a request would cost and whether it is allowed now. Nothing is sent or reserved.</summary>
    public Task<QuoteAnswer> QuoteAsync(GenerationBody request, CancellationToken cancellationToken = default) =>
        SendAsync<QuoteAnswer>(() => Post("v2/generations/quote", request), cancellationToken);

    /// <summary>A generation as it is now.</summary>
    public async Task<GenerationResult> GetGenerationAsync(Guid id, CancellationToken cancellationToken = default) =>
        (await SendAsync<GenerationFound>(() => Get($"v1/generations/{id}"), cancellationToken).ConfigureAwait(false)).GenerationsByPk;

    /// <summary>A generation once it has ended.</summary>
    public async Task<GenerationResult> WaitForGenerationAsync(Guid id, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var found = await SendAsync<GenerationFound>(() => Get($"v1/generations/{id}", Wait), cancellationToken).ConfigureAwait(false);
            if (found.GenerationsByPk.Status != GenerationResultStatus.PENDING)
                return found.GenerationsByPk;
        }
    }

    /// <summary>The team's generations, newest first.</summary>
    /// <param name="after">The <c>Next</c> of the previous page; null: the first page.</param>
    public Task<GenerationList> ListGenerationsAsync(string? after = null, int limit = 10, CancellationToken cancellationToken = default) =>
        SendAsync<GenerationList>(() => Get($"v1/generations?{Page(limit, after)}"), cancellationToken);

    /// <summary>Deletes a generation here and at Leonardo. A repetition that finds nothing is a success.</summary>
    public async Task DeleteGenerationAsync(Guid id, CancellationToken cancellationToken = default)
    {
        try
        {
            await SendAsync<GenerationDeleted>(() => Delete($"v1/generations/{id}"), cancellationToken).ConfigureAwait(false);
        }
        catch (GatewayException gone) when (gone is { IsRepeat: true, Type: "/problems/not-found" }) { }
    }

    /// <summary>The bytes of one of a generation's images, read while they arrive; dispose of it.</summary>
    /// <param name="width">320 or 640: a WebP of this width at most; null: the image itself.</param>
    public Task<Stream> OpenImageAsync(Guid generation, Guid image, int? width = null, CancellationToken cancellationToken = default) =>
        SendAsync(
            () => Get($"v1/generations/{generation}/images/{image}?{Parameter("width", width?.ToString(CultureInfo.InvariantCulture))}"),
            cancellationToken,
            (response, body) => response.Content.ReadAsStreamAsync(body)
        );

    /// <summary>Uploads a PNG, JPEG or WebP of at most 25 MB. It is sent once, and its stream stays open.</summary>
    /// <returns>The <c>Image</c> of an <see cref="ImageReference"/>.</returns>
    public Task<ReferencedImage> UploadAsync(Stream image, string fileName, CancellationToken cancellationToken = default)
    {
        var form = new MultipartFormDataContent { { new OpenContent(image), "file", fileName } };
        return SendAsync<ReferencedImage>(() => new(HttpMethod.Post, "v1/uploads") { Content = form }, cancellationToken, attempts: 1);
    }

    /// <summary>Who the gateway takes the caller for, what is left of its quotas, and what was spent.</summary>
    public Task<UsageReport> GetUsageAsync(CancellationToken cancellationToken = default) =>
        SendAsync<UsageReport>(() => Get("v1/usage"), cancellationToken);

    /// <summary>The models that the team may use, with their limits, styles and prices.</summary>
    public Task<ModelList> ListModelsAsync(CancellationToken cancellationToken = default) =>
        SendAsync<ModelList>(() => Get("v2/models"), cancellationToken);

    /// <summary>Accepts a request at once. It is sent when its turn comes, even if this process ends.</summary>
    public Task<JobFound> SubmitJobAsync(
        GenerationBody request,
        string? idempotencyKey = null,
        CancellationToken cancellationToken = default
    )
    {
        var key = idempotencyKey ?? Guid.NewGuid().ToString();
        return SendAsync<JobFound>(() => Post("v2/generations", request, "respond-async", key), cancellationToken);
    }

    /// <summary>A job as it is now.</summary>
    public Task<JobFound> GetJobAsync(Guid id, CancellationToken cancellationToken = default) =>
        SendAsync<JobFound>(() => Get($"v1/jobs/{id}"), cancellationToken);

    /// <summary>A job once it has ended, in whichever way.</summary>
    public async Task<JobFound> WaitForJobAsync(Guid id, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var found = await SendAsync<JobFound>(() => Get($"v1/jobs/{id}", Wait), cancellationToken).ConfigureAwait(false);
            if (found.Job.Status is not (JobStateStatus.QUEUED or JobStateStatus.RUNNING))
                return found;
        }
    }

    /// <summary>Cancels a job that is still queued. One that was sent: <c>/problems/job-not-queued</c>.</summary>
    public Task<JobFound> CancelJobAsync(Guid id, CancellationToken cancellationToken = default) =>
        SendAsync<JobFound>(() => Delete($"v1/jobs/{id}"), cancellationToken);

    /// <summary>The team's jobs, newest first; with a status, only those.</summary>
    public Task<JobList> ListJobsAsync(
        JobStateStatus? status = null,
        string? after = null,
        int limit = 10,
        CancellationToken cancellationToken = default
    ) => SendAsync<JobList>(() => Get($"v1/jobs?{Page(limit, after)}{Parameter("status", status?.ToString())}"), cancellationToken);

    private static string Page(int limit, string? after) =>
        $"limit={limit.ToString(CultureInfo.InvariantCulture)}{Parameter("after", after)}";

    private static string Parameter(string name, string? value) => value is null ? "" : $"&{name}={Uri.EscapeDataString(value)}";

    private static HttpRequestMessage Delete(string path) => new(HttpMethod.Delete, path);

    private static HttpRequestMessage Get(string path, string? prefer = null) => With(new(HttpMethod.Get, path), prefer);

    private static HttpRequestMessage Post(string path, GenerationBody body, string? prefer = null, string? key = null) =>
        With(new(HttpMethod.Post, path) { Content = JsonContent.Create(body, options: Json) }, prefer, key);

    private static HttpRequestMessage With(HttpRequestMessage request, string? prefer, string? key = null)
    {
        if (prefer is not null)
            request.Headers.Add("Prefer", prefer);
        if (key is not null)
            request.Headers.Add("Idempotency-Key", key);
        return request;
    }

    /// <summary>Only what may be sent again without another effect has more than one attempt.</summary>
    private async Task<T> SendAsync<T>(
        Func<HttpRequestMessage> create,
        CancellationToken cancellationToken,
        Func<HttpResponseMessage, CancellationToken, Task<T>>? readAsync = null,
        int? attempts = null
    )
    {
        attempts ??= options.Value.Attempts;
        for (var attempt = 1; ; attempt++)
        {
            // Doubles from half a second: eight attempts take about a minute, as long as a restart of the gateway.
            var pause = TimeSpan.FromMilliseconds(250 * Math.Pow(2, Math.Min(attempt, 7)));
            using var timeout = new CancellationTokenSource(options.Value.Timeout, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
            using var request = create();
            try
            {
                var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token).ConfigureAwait(false);
                if (response.IsSuccessStatusCode)
                    return await (readAsync ?? ReadAsync<T>)(response, either.Token).ConfigureAwait(false);
                using var refused = response;
                var text = await refused.Content.ReadAsStringAsync(either.Token).ConfigureAwait(false);
                throw GatewayException.Read(request, refused, text, isRepeat: attempt > 1);
            }
            catch (GatewayException error) when (attempt < attempts && error.IsPassing && !(error.RetryAfter > options.Value.LongestPause))
            {
                pause = error.RetryAfter > pause ? error.RetryAfter.Value : pause;
            }
            catch (Exception fault) when (fault is not GatewayException)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var cause = timeout.IsCancellationRequested ? new TimeoutException($"none within {options.Value.Timeout}", fault) : fault;
                if (attempt >= attempts)
                    throw GatewayException.Lost(request, cause.Message, cause);
            }
            await Task.Delay(pause, time, cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task<T> ReadAsync<T>(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        using (response)
            return await response.Content.ReadFromJsonAsync<T>(Json, cancellationToken).ConfigureAwait(false)
                ?? throw new JsonException("null");
    }

    private sealed class OpenContent(Stream image) : StreamContent(image)
    {
        protected override void Dispose(bool disposing) => base.Dispose(disposing: false);
    }
}
