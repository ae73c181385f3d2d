using Gateway.Edge;

namespace Gateway.Images;

/// <summary>
/// A cache of downloaded images, as files in one folder. It is optional: a full, read-only or missing folder costs only
/// the cached copy.
/// </summary>
internal sealed partial class ImageStore
{
    private const string Suffix = ".image";
    private const string UnfinishedSuffix = ".part";
    private static readonly TimeSpan Suspension = TimeSpan.FromMinutes(5);

    private readonly string? _folder;
    private readonly long _maxBytes;
    private readonly TimeProvider _time;
    private readonly ILogger<ImageStore> _log;
    private readonly Lock _lock = new();
    private readonly LinkedList<Entry> _oldestFirst = new();
    private readonly Dictionary<string, LinkedListNode<Entry>> _byId = new(StringComparer.Ordinal);

    /// <summary>Images on their way that were not removed meanwhile.</summary>
    private readonly HashSet<string> _unfinished = new(StringComparer.Ordinal);
    private long _bytes;
    private long? _suspended;

    public ImageStore(ImageOptions options, TimeProvider time, ILogger<ImageStore> log)
    {
        _folder = options.Store;
        _maxBytes = options.StoreBytes;
        _time = time;
        _log = log;
        if (_folder is not null)
            LoadIndex(_folder);
    }

    public bool IsUsed => _folder is not null;

    /// <returns>Null: not cached.</returns>
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
            // A file that is deleted while it is read stays readable to its end (FileShare.Delete).
            file = new FileStream(
                GetPath(id),
                FileMode.Open,
                FileAccess.Read,
                FileShare.Read | FileShare.Delete,
                0,
                FileOptions.Asynchronous
            );
            if (await OpenImage.FromAsync(file, file.Length, null, cancellationToken) is { } image)
                return image;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LogUnavailable(exception);
        }
        if (file is not null)
            await file.DisposeAsync();
        Remove(id);
        return null;
    }

    /// <summary>Begins a copy. Its room on the disk is taken at once: a full disk is noticed here.</summary>
    /// <returns>Null: the cache is off, unavailable, or too small for this image.</returns>
    public FileStream? Begin(string id, long length)
    {
        if (_folder is null || length > _maxBytes || IsSuspended)
            return null;
        try
        {
            var path = Path.Combine(_folder, $"{id}.{Guid.CreateVersion7():N}{UnfinishedSuffix}");
            var file = OwnerOnlyFile.Create(path, FileAccess.ReadWrite, FileShare.Delete, FileOptions.Asynchronous, length);
            lock (_lock)
                _unfinished.Add(id);
            return file;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LogUnavailable(exception);
            return null;
        }
    }

    /// <summary>A disk that fails in the middle of an image takes no others for a while.</summary>
    public void Suspend(Exception fault)
    {
        lock (_lock)
            _suspended = _time.GetTimestamp();
        LogUnavailable(fault);
    }

    private bool IsSuspended
    {
        get
        {
            lock (_lock)
                return _suspended is { } since && _time.GetElapsedTime(since) < Suspension;
        }
    }

    /// <summary>Called with the id of each image that is removed by its owner or its retention.</summary>
    public Action<string> Removed { get; set; } = _ => { };

    /// <summary>Also of one that is on its way: it is not kept then.</summary>
    public void Remove(string id)
    {
        Removed(id);
        lock (_lock)
        {
            _unfinished.Remove(id);
            if (_byId.TryGetValue(id, out var node))
                Delete(node);
        }
    }

    /// <summary>Adds a finished file and removes the oldest images until it fits.</summary>
    public void Add(string id, string unfinishedFile, long bytes)
    {
        try
        {
            lock (_lock)
            {
                if (!_unfinished.Remove(id))
                {
                    File.Delete(unfinishedFile);
                    return;
                }
                if (_byId.TryGetValue(id, out var known))
                    RemoveFromIndex(known);
                while (_bytes + bytes > _maxBytes && _oldestFirst.First is { } oldest)
                    Delete(oldest);
                File.Move(unfinishedFile, GetPath(id), overwrite: true);
                AddToIndex(id, bytes);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LogUnavailable(exception);
            DeleteUnfinished(id, unfinishedFile);
        }
    }

    /// <summary>Of a download that has failed.</summary>
    public void DeleteUnfinished(string id, string unfinishedFile)
    {
        lock (_lock)
            _unfinished.Remove(id);
        try
        {
            File.Delete(unfinishedFile);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LogUnavailable(exception);
        }
    }

    private void LogUnavailable(Exception exception) => Log.Unavailable(_log, exception.GetType().Name);

    private void LoadIndex(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
            foreach (var file in new DirectoryInfo(folder).EnumerateFiles().OrderBy(file => file.LastWriteTimeUtc))
            {
                if (file.Extension == UnfinishedSuffix)
                    file.Delete();
                else if (file.Extension == Suffix)
                    AddToIndex(Path.GetFileNameWithoutExtension(file.Name), file.Length);
            }
            while (_bytes > _maxBytes && _oldestFirst.First is { } oldest)
                Delete(oldest);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LogUnavailable(exception);
        }
    }

    private string GetPath(string id) => Path.Combine(_folder!, id + Suffix);

    private void AddToIndex(string id, long bytes)
    {
        _byId[id] = _oldestFirst.AddLast(new Entry(id, bytes));
        _bytes += bytes;
    }

    private void RemoveFromIndex(LinkedListNode<Entry> node)
    {
        _oldestFirst.Remove(node);
        _byId.Remove(node.Value.Id);
        _bytes -= node.Value.Bytes;
    }

    private void Delete(LinkedListNode<Entry> node)
    {
        RemoveFromIndex(node);
        try
        {
            File.Delete(GetPath(node.Value.Id));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LogUnavailable(exception);
        }
    }

    private sealed record Entry(string Id, long Bytes);

    private static partial class Log
    {
        [LoggerMessage(
            Level = LogLevel.Warning,
            Message = "The folder of Images:Store could not be used ({Fault}). Images are fetched from their host instead; check the folder"
        )]
        public static partial void Unavailable(ILogger log, string fault);
    }
}
