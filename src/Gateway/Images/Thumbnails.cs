using Gateway.Edge.Problems;

namespace Gateway.Images;

/// <summary>
/// Thumbnails of images whose bytes may come from a hostile host. Memory is bounded: few files are read at once, fewer
/// are decoded, and large ones one after another; who comes while enough others wait is refused (T-K18).
/// </summary>
internal sealed partial class Thumbnails : IDisposable
{
    public static readonly IReadOnlyList<int> Widths = [320, 640];

    private const int MiB = 1024 * 1024;

    /// <summary>A larger file is not decoded, whatever its pixels.</summary>
    private const int MaxFileBytes = 32 * MiB;

    /// <summary>A larger file, and one that needs more memory to decode, waits for the others of its kind.</summary>
    private const int SmallFileBytes = 4 * MiB;
    private const int SmallImageBytes = 16 * MiB;

    private const int Readers = 6;
    private const int MaxWaiting = 64;
    private const int RetryAfterSeconds = 2;

    /// <summary>For each of: a free reader, the file, a free decoder.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly ImageStore _store;
    private readonly ImageDownloads _downloads;
    private readonly TimeProvider _time;
    private readonly ILogger<Thumbnails> _log;
    private readonly ThumbnailCache _cache = new();
    private readonly SemaphoreSlim _readers = new(Readers);
    private readonly SemaphoreSlim _decoders = new(Math.Clamp(Environment.ProcessorCount, 1, 4));
    private readonly SemaphoreSlim _large = new(1);
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Task<(byte[]? Bytes, Problem? Refusal)>> _making = new(StringComparer.Ordinal);

    public Thumbnails(ImageStore store, ImageDownloads downloads, TimeProvider time, ILogger<Thumbnails> log)
    {
        (_store, _downloads, _time, _log) = (store, downloads, time, log);
        store.Removed = Forget;
    }

    /// <param name="tenant">Who is charged with a read, if the image has to be downloaded.</param>
    /// <param name="id">Of the image.</param>
    /// <param name="width">One of <see cref="Widths"/>.</param>
    /// <param name="findUrl">Where the image is.</param>
    /// <returns>WebP, or the refusal for the caller.</returns>
    public async Task<(byte[]? Bytes, Problem? Refusal)> GetAsync(
        string tenant,
        string id,
        int width,
        Func<CancellationToken, Task<(Uri? Url, Problem? Refusal)>> findUrl,
        CancellationToken cancellationToken
    )
    {
        if (_cache.Find(id, width) is { } cached)
            return (cached, null);
        var name = $"{id}-{width}";
        Task<(byte[]?, Problem?)>? making;
        lock (_lock)
        {
            if (!_making.TryGetValue(name, out making))
            {
                if (_making.Count >= MaxWaiting)
                    return (null, Busy());
                // It does not end with the caller who began it: others may have joined.
                _making[name] = making = Task.Run(() => MakeAsync(tenant, id, width, findUrl), CancellationToken.None);
            }
        }
        return await making.WaitAsync(cancellationToken);
    }

    /// <summary>One that is being made is not kept either.</summary>
    private void Forget(string id)
    {
        lock (_lock)
        {
            foreach (var width in Widths)
                _making.Remove($"{id}-{width}");
        }
        _cache.Remove(id);
    }

    public void Dispose()
    {
        _readers.Dispose();
        _decoders.Dispose();
        _large.Dispose();
    }

    private async Task<(byte[]? Bytes, Problem? Refusal)> MakeAsync(
        string tenant,
        string id,
        int width,
        Func<CancellationToken, Task<(Uri? Url, Problem? Refusal)>> findUrl
    )
    {
        try
        {
            if (!await _readers.WaitAsync(Patience))
                return (null, Busy());
            try
            {
                using var timeout = new CancellationTokenSource(Patience, _time);
                var image = await _store.OpenAsync(id, timeout.Token);
                if (image is null)
                {
                    (image, var refusal) = await _downloads.OpenAsync(tenant, id, findUrl, timeout.Token);
                    if (image is null)
                        return (null, refusal);
                }
                await using (image)
                    return await MakeAsync(image, id, width, timeout.Token);
            }
            finally
            {
                _readers.Release();
            }
        }
        catch (Exception fault) when (fault is IOException or OperationCanceledException)
        {
            // The host stopped sending, or sends too slowly.
            return (null, Busy());
        }
        finally
        {
            lock (_lock)
                _making.Remove($"{id}-{width}");
        }
    }

    private async Task<(byte[]? Bytes, Problem? Refusal)> MakeAsync(
        OpenImage image,
        string id,
        int width,
        CancellationToken cancellationToken
    )
    {
        // One of unstated length may be large.
        var isLarge = image.Length is not <= SmallFileBytes;
        if (isLarge && !await _large.WaitAsync(Patience, CancellationToken.None))
            return (null, Busy());
        try
        {
            if (await ReadAsync(image, cancellationToken) is not var (file, length))
                return (null, Refused("its file is too large"));
            if (ThumbnailDecoder.BytesNeeded(file, length, image.Format) is not { } needed)
                return (null, Refused("it cannot be decoded, or has more than 40 megapixels"));
            if (!isLarge && needed > SmallImageBytes)
            {
                if (!await _large.WaitAsync(Patience, CancellationToken.None))
                    return (null, Busy());
                isLarge = true;
            }
            if (!await _decoders.WaitAsync(Patience, CancellationToken.None))
                return (null, Busy());
            try
            {
                if (ThumbnailDecoder.Scale(file, length, image.Format, width) is not { } made)
                    return (null, Refused("it is incomplete or broken"));
                lock (_lock)
                {
                    if (_making.ContainsKey($"{id}-{width}"))
                        _cache.Add(id, width, made);
                }
                return (made, null);
            }
            finally
            {
                _decoders.Release();
            }
        }
        finally
        {
            if (isLarge)
                _large.Release();
        }
    }

    /// <returns>Null: it is too large.</returns>
    /// <exception cref="IOException">It ended early.</exception>
    private static async Task<(byte[] File, int Length)?> ReadAsync(OpenImage image, CancellationToken cancellationToken)
    {
        if (image.Length > MaxFileBytes)
            return null;
        using var file = new MemoryStream((int)(image.Length ?? 0));
        var buffer = new byte[64 * 1024];
        int read;
        while ((read = await image.ReadAsync(buffer, cancellationToken)) > 0)
        {
            if (file.Length + read > MaxFileBytes)
                return null;
            file.Write(buffer, 0, read);
        }
        if (file.Length < image.Length)
            throw new IOException("the image ended before its stated length");
        return (file.GetBuffer(), (int)file.Length);
    }

    private Problem Refused(string why)
    {
        Log.NotMade(_log, why);
        return new Problem(
            ProblemTypes.UnsupportedMediaType,
            $"No thumbnail can be made of this image: {why}. Nothing was charged. Ask for the image without width."
        );
    }

    private static Problem Busy() =>
        new(
            ProblemTypes.UpstreamSaturated,
            "The gateway is making as many thumbnails as it can at once. Nothing was charged. Try again later, or ask for the image without width."
        )
        {
            RetryAfter = RetryAfterSeconds,
        };

    private static partial class Log
    {
        [LoggerMessage(
            Level = LogLevel.Warning,
            Message = "No thumbnail was made of an image: {Why}. Its caller got 415; the image itself can be read"
        )]
        public static partial void NotMade(ILogger log, string why);
    }
}
