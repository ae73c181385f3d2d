namespace Gateway.Images;

/// <summary>
/// Images that were seen once, as files in one folder, so that the next time needs no CDN. A convenience, never a condition: a full, read-only or vanished
/// folder costs the copy and nothing else.
/// </summary>
internal sealed class ImageStore
{
    private const string Suffix = ".image";
    private const string Unfinished = ".part";

    private readonly string? _folder;
    private readonly long _maxBytes;
    private readonly ILogger<ImageStore> _log;
    private readonly Lock _lock = new();
    private readonly LinkedList<Kept> _oldestFirst = new();
    private readonly Dictionary<string, LinkedListNode<Kept>> _byId = new(StringComparer.Ordinal);
    private long _bytes;

    public ImageStore(ImageOptions options, ILogger<ImageStore> log)
    {
        _folder = options.Store;
        _maxBytes = options.StoreBytes;
        _log = log;
        if (_folder is not null)
            TakeStock(_folder);
    }

    /// <returns>Null: not kept.</returns>
    public async Task<OpenImage?> OpenAsync(string id, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (!_byId.ContainsKey(id))
                return null;
        }
        FileStream? file = null;
        try
        {
            // A file that is deleted while it is read stays readable to its end.
            file = new FileStream(
                PathOf(id),
                FileMode.Open,
                FileAccess.Read,
                FileShare.Read | FileShare.Delete,
                0,
                FileOptions.Asynchronous
            );
            if (await OpenImage.FromAsync(file, file.Length, null, cancellationToken) is { } image)
                return image;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            Tell(fault);
        }
        if (file is not null)
            await file.DisposeAsync();
        Remove(id);
        return null;
    }

    /// <summary>A copy to be filled while the image goes to its caller; null where none is kept.</summary>
    public ImageCopy? Begin(string id, long? length)
    {
        if (_folder is null || !Holds(length ?? 0))
            return null;
        try
        {
            var path = Path.Combine(_folder, $"{id}.{Guid.CreateVersion7():N}{Unfinished}");
            return new ImageCopy(
                this,
                id,
                new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 0, FileOptions.Asynchronous)
            );
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            Tell(fault);
            return null;
        }
    }

    public void Remove(string id)
    {
        lock (_lock)
        {
            if (_byId.TryGetValue(id, out var node))
                Drop(node);
        }
    }

    /// <summary>Takes a finished file in, whole or not at all, and lets the oldest go until it fits.</summary>
    internal void Take(string id, string unfinished, long bytes)
    {
        lock (_lock)
        {
            if (_byId.TryGetValue(id, out var known))
                Forget(known);
            while (_bytes + bytes > _maxBytes && _oldestFirst.First is { } oldest)
                Drop(oldest);
            File.Move(unfinished, PathOf(id), overwrite: true);
            Remember(id, bytes);
        }
    }

    /// <summary>Whether one image may have as many bytes.</summary>
    internal bool Holds(long bytes) => bytes <= _maxBytes;

    internal void Tell(Exception fault) =>
        _log.LogWarning("The image store could not be used ({Fault}); images are fetched from their host instead", fault.GetType().Name);

    private void TakeStock(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
            foreach (var file in new DirectoryInfo(folder).EnumerateFiles().OrderBy(file => file.LastWriteTimeUtc))
            {
                if (file.Extension == Unfinished)
                    file.Delete();
                else if (file.Extension == Suffix)
                    Remember(Path.GetFileNameWithoutExtension(file.Name), file.Length);
            }
            while (_bytes > _maxBytes && _oldestFirst.First is { } oldest)
                Drop(oldest);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            Tell(fault);
        }
    }

    private string PathOf(string id) => Path.Combine(_folder!, id + Suffix);

    private void Remember(string id, long bytes)
    {
        _byId[id] = _oldestFirst.AddLast(new Kept(id, bytes));
        _bytes += bytes;
    }

    private void Forget(LinkedListNode<Kept> node)
    {
        _oldestFirst.Remove(node);
        _byId.Remove(node.Value.Id);
        _bytes -= node.Value.Bytes;
    }

    private void Drop(LinkedListNode<Kept> node)
    {
        Forget(node);
        try
        {
            File.Delete(PathOf(node.Value.Id));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            Tell(fault);
        }
    }

    private sealed record Kept(string Id, long Bytes);
}

/// <summary>A copy that is being written. Kept only if it is finished; any fault of the disk ends the copy, never the download.</summary>
internal sealed class ImageCopy(ImageStore store, string id, FileStream file) : IAsyncDisposable
{
    private bool _broken;
    private bool _finished;

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        // Of an unstated length, it may turn out longer than all that is kept.
        _broken |= !store.Holds(file.Position + bytes.Length);
        if (_broken)
            return;
        try
        {
            await file.WriteAsync(bytes, cancellationToken);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            _broken = true;
            store.Tell(fault);
        }
    }

    public async ValueTask FinishAsync()
    {
        if (_broken)
            return;
        try
        {
            var bytes = file.Length;
            await file.DisposeAsync();
            store.Take(id, file.Name, bytes);
            _finished = true;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            store.Tell(fault);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_finished)
            return;
        try
        {
            await file.DisposeAsync();
            File.Delete(file.Name);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            store.Tell(fault);
        }
    }
}
