using System.Net;
using System.Net.Http.Headers;
using Gateway.Edge.Outgoing;
using Gateway.Edge.Problems;
using Gateway.Leonardo;
using Gateway.Leonardo.Origins;

namespace Gateway.Images;

/// <summary>
/// Fetches images from the addresses that the upstream states: without the key, and only from
/// <c>Leonardo:ImageOrigins</c>, for every redirect too (T-C6).
/// </summary>
internal sealed partial class ImageDownloader : IDisposable
{
    private const int MaxRedirects = 3;

    private readonly LeonardoOrigins _origins;
    private readonly OutgoingConnections _outgoing;
    private readonly ImageOptions _options;
    private readonly TimeSpan _timeout;
    private readonly TimeProvider _time;
    private readonly ILogger<ImageDownloader> _log;
    private readonly HttpMessageInvoker _invoker;

    public ImageDownloader(
        LeonardoOrigins origins,
        OutgoingConnections outgoing,
        ImageOptions options,
        LeonardoOptions leonardo,
        TimeProvider time,
        ILogger<ImageDownloader> log
    )
    {
        _origins = origins;
        _outgoing = outgoing;
        _options = options;
        _timeout = leonardo.Timeout;
        _time = time;
        _log = log;
        _invoker = new HttpMessageInvoker(origins.Images.CreateTransport(outgoing));
    }

    /// <returns>The image, or the refusal for the caller.</returns>
    public async Task<(OpenImage? Image, Problem? Refusal)> OpenAsync(Uri url, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(_timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            var (response, refusal) = await FollowAsync(url, null, either.Token);
            return response is null ? (null, refusal) : await ReadAsync(response, either.Token);
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            return (null, Fail(timeout.IsCancellationRequested ? ConnectionFailure.Timeout(_timeout) : _outgoing.Explain(exception, url)));
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            return (null, Fail(_outgoing.Explain(exception, url)));
        }
    }

    /// <param name="format">Null: it is the beginning, and tells.</param>
    /// <returns>Null: its host does not send this part. The whole image may be had all the same.</returns>
    public async Task<OpenImage?> OpenPartAsync(Uri url, ByteRange range, ImageFormat? format, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(_timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            var (response, _) = await FollowAsync(url, range, either.Token);
            return response is null ? null : await ReadPartAsync(response, range, format, either.Token);
        }
        catch (Exception exception)
            when (exception is HttpRequestException or IOException
                || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested)
            )
        {
            return null;
        }
    }

    public void Dispose() => _invoker.Dispose();

    /// <returns>The answer of the last host, which its caller disposes of, or the refusal.</returns>
    private async Task<(HttpResponseMessage? Response, Problem? Refusal)> FollowAsync(
        Uri url,
        ByteRange? range,
        CancellationToken cancellationToken
    )
    {
        for (var hop = 0; hop <= MaxRedirects; hop++)
        {
            if (!_origins.Images.Permits(url))
                return (null, Fail("the address is not at one of Leonardo:ImageOrigins"));
            using var request = new HttpRequestMessage(HttpMethod.Get, url);
            request.Headers.TryAddWithoutValidation("accept", "image/*");
            request.Headers.TryAddWithoutValidation("user-agent", "leonardo-gateway");
            if (range is { Count: { } count })
                request.Headers.Range = new RangeHeaderValue(range.From, range.From + count - 1);
            var response = await _invoker.SendAsync(request, cancellationToken);
            if ((int)response.StatusCode is not (301 or 302 or 303 or 307 or 308) || response.Headers.Location is not { } location)
                return (response, null);
            response.Dispose();
            url = new Uri(url, location);
        }
        return (null, Fail("the host redirected too often"));
    }

    private async Task<(OpenImage? Image, Problem? Refusal)> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        OpenImage? image = null;
        try
        {
            if (response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Gone)
                return (null, new Problem(ProblemTypes.NotFound, "Leonardo no longer has the image."));
            if (response.StatusCode != HttpStatusCode.OK)
                return (null, Fail(ConnectionFailure.Answer($"status {(int)response.StatusCode}")));
            var length = response.Content.Headers.ContentLength;
            if (length > _options.MaxBytes || response.Content.Headers.ContentEncoding.Count > 0)
                return (null, Fail("the image is larger than Images:MaxBytes, or compressed"));
            image = await OpenAsync(response, length, _options.MaxBytes, cancellationToken);
            return image is null ? (null, Fail("the answer is not an image (JPEG, PNG, WebP, GIF)")) : (image, null);
        }
        finally
        {
            if (image is null)
                response.Dispose();
        }
    }

    private async Task<OpenImage?> ReadPartAsync(
        HttpResponseMessage response,
        ByteRange range,
        ImageFormat? format,
        CancellationToken cancellationToken
    )
    {
        OpenImage? image = null;
        try
        {
            if (
                response.StatusCode != HttpStatusCode.PartialContent
                || response.Content.Headers
                    is not { ContentRange: { From: { } from, To: { } to, Length: { } total }, ContentEncoding.Count: 0 }
                || from != range.From
                || to - from + 1 != range.Count
                || total > _options.MaxBytes
            )
                return null;
            var part = new ImagePart(from, total);
            image = await OpenAsync(response, to - from + 1, to - from + 1, cancellationToken, format, part);
            return image;
        }
        finally
        {
            if (image is null)
                response.Dispose();
        }
    }

    private async Task<OpenImage?> OpenAsync(
        HttpResponseMessage response,
        long? length,
        long maxBytes,
        CancellationToken cancellationToken,
        ImageFormat? format = null,
        ImagePart? part = null
    )
    {
        var stream = new BoundedStream(await response.Content.ReadAsStreamAsync(cancellationToken), maxBytes, _time);
        if (format is not null)
            return new OpenImage(format, length, default, stream, response) { Part = part };
        if (await OpenImage.FromAsync(stream, length, response, cancellationToken, part) is { } image)
            return image;
        await stream.DisposeAsync();
        return null;
    }

    /// <summary>The address is not logged: it contains the account's id and the start of the prompt (T-B9).</summary>
    private Problem Fail(string why)
    {
        Log.NotFetched(_log, why);
        return new Problem(ProblemTypes.UpstreamUnreachable, "The image could not be fetched from Leonardo's image host. Try again later.");
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "An image could not be fetched: {Why}. Its caller got 502 and can try again")]
        public static partial void NotFetched(ILogger log, string why);
    }
}
