namespace Gateway.Leonardo.Replies;

/// <summary>A reply of the upstream, whole: status, and a body that is at most <see cref="MaxBytes"/> long.</summary>
/// <param name="Body">Null: longer than permitted, or cut off before its end.</param>
/// <param name="RetryAfter">Seconds, if the upstream gave a number; not yet bounded.</param>
/// <param name="Date">The upstream's clock, if it gave one.</param>
internal sealed record UpstreamReply(int Status, ReadOnlyMemory<byte>? Body, int? RetryAfter = null, DateTimeOffset? Date = null)
{
    public const int MaxBytes = 1024 * 1024;

    public static async Task<UpstreamReply> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var retryAfter = response.Headers.RetryAfter?.Delta is { } delta ? (int)Math.Min(delta.TotalSeconds, int.MaxValue) : (int?)null;
        var body = await ReadBodyAsync(response.Content, cancellationToken);
        return new UpstreamReply((int)response.StatusCode, body, retryAfter, response.Headers.Date);
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
                    // A stated length that was reached needs one more read to see the end; only an unstated one grows.
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
