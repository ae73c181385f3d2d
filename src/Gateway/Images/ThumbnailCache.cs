namespace Gateway.Images;

/// <summary>The thumbnails last asked for, in memory: a page of a history asks for the same ones again.</summary>
internal sealed class ThumbnailCache
{
    private const long MaxBytes = 16 * 1024 * 1024;

    private readonly Lock _lock = new();
    private readonly LinkedList<Entry> _oldestFirst = new();
    private readonly Dictionary<(string Id, int Width), LinkedListNode<Entry>> _entries = [];
    private long _bytes;

    public byte[]? Find(string id, int width)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue((id, width), out var node))
                return null;
            _oldestFirst.Remove(node);
            _oldestFirst.AddLast(node);
            return node.Value.Bytes;
        }
    }

    public void Add(string id, int width, byte[] bytes)
    {
        lock (_lock)
        {
            Remove(id, width);
            _entries[(id, width)] = _oldestFirst.AddLast(new Entry(id, width, bytes));
            _bytes += bytes.Length;
            while (_bytes > MaxBytes && _oldestFirst.First is { } oldest)
                Remove(oldest.Value.Id, oldest.Value.Width);
        }
    }

    /// <summary>Of every width.</summary>
    public void Remove(string id)
    {
        lock (_lock)
        {
            foreach (var width in Thumbnails.Widths)
                Remove(id, width);
        }
    }

    private void Remove(string id, int width)
    {
        if (!_entries.Remove((id, width), out var node))
            return;
        _oldestFirst.Remove(node);
        _bytes -= node.Value.Bytes.Length;
    }

    private sealed record Entry(string Id, int Width, byte[] Bytes);
}
