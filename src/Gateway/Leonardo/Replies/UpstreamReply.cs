namespace Gateway.Leonardo.Replies;

/// <summary>
/// A reply of the upstream as it was received: the status and at most <see cref="MaxBytes"/> of body, not parsed.
/// <see cref="CreationReplyParser"/> parses the reply to a creation, <see cref="ApiReplyParser"/> that to any other
/// call.
/// </summary>
/// <param name="Body">Null: longer than permitted, or cut off before its end.</param>
/// <param name="RetryAfter">Seconds, if the upstream said it; not yet bounded.</param>
internal sealed record UpstreamReply(int Status, ReadOnlyMemory<byte>? Body, int? RetryAfter = null)
{
    public const int MaxBytes = 1024 * 1024;

    private const int DefaultRetryAfter = 5;

    /// <summary>Seconds to wait after a 429: what the upstream said, between 1 and 300 (T-H5).</summary>
    public int SaturatedRetryAfter => Math.Clamp(RetryAfter ?? DefaultRetryAfter, 1, 300);

    public static async Task<UpstreamReply> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var body = await ReadBodyAsync(response.Content, cancellationToken);
        return new UpstreamReply((int)response.StatusCode, body, ReadRetryAfter(response));
    }

    /// <summary>Seconds, or a date, which is compared with the upstream's own clock.</summary>
    private static int? ReadRetryAfter(HttpResponseMessage response)
    {
        var stated = response.Headers.RetryAfter;
        var pause = stated?.Delta ?? stated?.Date - response.Headers.Date;
        return pause is { } time ? (int)Math.Clamp(Math.Ceiling(time.TotalSeconds), 0, int.MaxValue) : null;
    }

    private static async Task<ReadOnlyMemory<byte>?> ReadBodyAsync(HttpContent content, CancellationToken cancellationToken)
    {
        if (content.Headers.ContentLength > MaxBytes)
            return null;
        try
        {
            var stream = await content.ReadAsStreamAsync(cancellationToken);
            var buffer = new byte[(int)(content.Headers.ContentLength ?? 1024)];
            var length = 0;
            while (true)
            {
                if (length == buffer.Length)
                {
                    // With Content-Length the body is complete here; without it the buffer grows.
                    if (content.Headers.ContentLength == length)
                        return buffer;
                    if (length >= MaxBytes)
                        return null;
                    Array.Resize(ref buffer, Math.Min(length * 2, MaxBytes));
                }
                var read = await stream.ReadAsync(buffer.AsMemory(length), cancellationToken);
                if (read == 0)
                    return buffer.AsMemory(0, length);
                length += read;
            }
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException)
        {
            return null;
        }
    }
}
