using Gateway.Edge;
using Gateway.Edge.Problems;
using Gateway.Quotas;

namespace Gateway.Images;

/// <summary>
/// Downloads that are under way. An image is downloaded once, however many callers want it, at the pace of its host and
/// into the cache or a temporary file (T-K5). One that neither takes is downloaded by each caller, at its own pace.
/// </summary>
internal sealed class ImageDownloads(ImageDownloader downloader, ImageStore store, TemporaryFiles files, TenantRates rates)
{
    /// <summary>A temporary folder may be memory, and a container's memory is small.</summary>
    private const long MaxTemporaryBytes = 128 * 1024 * 1024;
    private const long MaxTemporaryBytesOfTenant = 32 * 1024 * 1024;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Running> _running = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _temporaryBytes = new(StringComparer.Ordinal);

    /// <param name="tenant">Who is charged with a read, if this begins a download.</param>
    /// <param name="findUrl">Where it is.</param>
    /// <returns>The image, or the refusal for the caller.</returns>
    public async Task<(OpenImage? Image, Problem? Refusal)> OpenAsync(
        string tenant,
        string id,
        Func<CancellationToken, Task<(Uri? Url, Problem? Refusal)>> findUrl,
        CancellationToken cancellationToken
    )
    {
        var (running, isFirst) = Join(tenant, id, findUrl, out var tooManyReads);
        if (running is null)
            return (null, tooManyReads);
        try
        {
            var (download, refusal) = await running.Beginning.WaitAsync(cancellationToken);
            if (refusal is not null)
                return (null, refusal);
            if ((download?.TryOpen() ?? await store.OpenAsync(id, cancellationToken)) is { } image)
                return (image, null);
            if (isFirst && running.TakeUnshared() is { } own)
                return (own, null);
        }
        finally
        {
            if (isFirst)
                _ = running.ReleaseAsync();
        }
        return rates.CountRead(tenant) is { } tooMany ? (null, tooMany) : await OpenAsync(findUrl, cancellationToken);
    }

    /// <summary>A part of an image that is neither cached nor on its way: its host is asked for that part.</summary>
    /// <param name="choose">The part, when the length of the image is known.</param>
    /// <returns>The part, or the refusal for the caller; neither: the whole image is to be opened.</returns>
    public async Task<(OpenImage? Part, Problem? Refusal)> OpenPartAsync(
        string tenant,
        string id,
        Func<long, ByteRange?> choose,
        Func<CancellationToken, Task<(Uri? Url, Problem? Refusal)>> findUrl,
        CancellationToken cancellationToken
    )
    {
        lock (_lock)
        {
            // A cache keeps whole images.
            if (store.IsUsed || _running.ContainsKey(id))
                return default;
        }
        if (rates.CountRead(tenant) is { } tooManyReads)
            return (null, tooManyReads);
        var (url, refusal) = await findUrl(cancellationToken);
        if (url is null)
            return (null, refusal ?? NoAddress);
        // Only the first bytes prove that it is an image.
        await using var head = await downloader.OpenPartAsync(url, new ByteRange(0, ImageFormat.SniffBytes), null, cancellationToken);
        if (head is null || choose(head.Part!.Total) is not { Count: { } count } range || count == head.Part.Total)
            return default;
        var part = await downloader.OpenPartAsync(url, range, head.Format, cancellationToken);
        return (part is null ? null : ReadAhead(tenant, id, part, count), null);
    }

    /// <summary>At its host's pace into a temporary file; if there is no room, at its caller's.</summary>
    private OpenImage ReadAhead(string tenant, string id, OpenImage part, long length)
    {
        if (!TryTake(tenant, length))
            return part;
        if (files.TryCreate(length) is not { } file)
        {
            Give(tenant, length);
            return part;
        }
        var download = new SharedDownload(id, part.Format, length, file, null, () => Give(tenant, length));
        var reader = download.TryOpen(part.Part)!;
        _ = download.RunAsync(part);
        download.Release();
        return reader;
    }

    /// <returns>Null: refused.</returns>
    private (Running? Running, bool IsFirst) Join(
        string tenant,
        string id,
        Func<CancellationToken, Task<(Uri? Url, Problem? Refusal)>> findUrl,
        out Problem? refusal
    )
    {
        refusal = null;
        lock (_lock)
        {
            if (_running.TryGetValue(id, out var running))
                return (running, false);
            refusal = rates.CountRead(tenant);
            if (refusal is not null)
                return (null, false);
            // It does not end with the caller who began it: others may have joined.
            _running[id] = running = new Running(tenant, id);
            running.Beginning = Task.Run(() => BeginAsync(running, findUrl));
            return (running, true);
        }
    }

    /// <returns>Neither: no file takes this image.</returns>
    private async Task<(SharedDownload? Download, Problem? Refusal)> BeginAsync(
        Running running,
        Func<CancellationToken, Task<(Uri? Url, Problem? Refusal)>> findUrl
    )
    {
        SharedDownload? download = null;
        try
        {
            var (image, refusal) = await OpenAsync(findUrl, CancellationToken.None);
            if (image is null)
                return (null, refusal);
            download = TryBegin(running, image);
            if (download is null)
                running.Unshared = image;
            else
                _ = RunAsync(running, download, image);
            return (download, null);
        }
        finally
        {
            if (download is null)
                Remove(running);
        }
    }

    private SharedDownload? TryBegin(Running running, OpenImage image)
    {
        if (image.Length is not { } length)
            return null;
        if (store.Begin(running.Id, length) is { } kept)
            return new SharedDownload(running.Id, image.Format, length, kept, store, () => Remove(running));
        if (!TryTake(running.Tenant, length))
            return null;
        if (files.TryCreate(length) is { } temporary)
            return new SharedDownload(running.Id, image.Format, length, temporary, null, Close);
        Give(running.Tenant, length);
        return null;

        void Close()
        {
            Give(running.Tenant, length);
            Remove(running);
        }
    }

    private bool TryTake(string tenant, long bytes)
    {
        lock (_lock)
        {
            var own = _temporaryBytes.GetValueOrDefault(tenant) + bytes;
            if (own > MaxTemporaryBytesOfTenant || _temporaryBytes.Values.Sum() + bytes > MaxTemporaryBytes)
                return false;
            _temporaryBytes[tenant] = own;
            return true;
        }
    }

    private void Give(string tenant, long bytes)
    {
        lock (_lock)
        {
            if ((_temporaryBytes[tenant] -= bytes) == 0)
                _temporaryBytes.Remove(tenant);
        }
    }

    private async Task RunAsync(Running running, SharedDownload download, OpenImage image)
    {
        // Who comes later must not join a download that has failed.
        if (!await download.RunAsync(image))
            Remove(running);
    }

    private void Remove(Running ended)
    {
        lock (_lock)
        {
            if (_running.TryGetValue(ended.Id, out var running) && running == ended)
                _running.Remove(ended.Id);
        }
    }

    private async Task<(OpenImage? Image, Problem? Refusal)> OpenAsync(
        Func<CancellationToken, Task<(Uri? Url, Problem? Refusal)>> findUrl,
        CancellationToken cancellationToken
    )
    {
        var (url, refusal) = await findUrl(cancellationToken);
        return url is null ? (null, refusal ?? NoAddress) : await downloader.OpenAsync(url, cancellationToken);
    }

    private static readonly Problem NoAddress = new(
        ProblemTypes.UpstreamUnreachable,
        "Leonardo has not stated where the image is. Try again later."
    );

    /// <summary>From the first caller's request until the file is closed, or the download has failed.</summary>
    /// <param name="tenant">The first caller's.</param>
    private sealed class Running(string tenant, string id)
    {
        private OpenImage? _unshared;

        public string Tenant => tenant;

        public string Id => id;

        public Task<(SharedDownload? Download, Problem? Refusal)> Beginning { get; set; } = null!;

        /// <summary>An image that no file takes: the first caller gets it as it comes from its host.</summary>
        public OpenImage? Unshared
        {
            set => _unshared = value;
        }

        public OpenImage? TakeUnshared() => Interlocked.Exchange(ref _unshared, null);

        /// <summary>The first caller has it, or is gone.</summary>
        public async Task ReleaseAsync()
        {
            (await Beginning).Download?.Release();
            if (TakeUnshared() is { } left)
                await left.DisposeAsync();
        }
    }
}
