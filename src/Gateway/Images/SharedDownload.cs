using System.Buffers;

namespace Gateway.Images;

/// <summary>
/// An image on its way into a file, at the pace of its host. Any number of callers read along, each at its own pace,
/// and none of them holds the connection to the host (T-K5).
/// </summary>
/// <param name="file">Empty.</param>
/// <param name="store">Keeps the complete file; null: it is deleted when it is closed.</param>
/// <param name="closed">Called when the file has been closed.</param>
internal sealed class SharedDownload(string id, ImageFormat format, long length, FileStream file, ImageStore? store, Action closed)
{
    private const int BufferBytes = 64 * 1024;

    private readonly Lock _lock = new();
    private TaskCompletionSource _progress = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _written;
    private bool _isOver;
    private bool _isAbandoned;
    private Exception? _fault;

    /// <summary>This download, who began it, and its readers: the file is closed with the last of them.</summary>
    private int _users = 2;

    /// <param name="part">Which part of an image it is; null: all of it.</param>
    /// <returns>From its beginning; null: too late, its last reader has left.</returns>
    public OpenImage? TryOpen(ImagePart? part = null)
    {
        lock (_lock)
        {
            if (_users == 0 || _isAbandoned)
                return null;
            _users++;
            return new OpenImage(format, length, default, new Reader(this), null) { Part = part };
        }
    }

    /// <summary>Downloads it while somebody reads it. Never throws: the readers get the fault.</summary>
    /// <returns>Whether all of it is here.</returns>
    public async Task<bool> RunAsync(OpenImage image)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            await using (image)
            {
                int read;
                while ((read = await image.ReadAsync(buffer, CancellationToken.None)) > 0)
                {
                    await WriteAsync(buffer.AsMemory(0, read));
                    Advance(_written + read);
                    if (Volatile.Read(ref _isAbandoned))
                        throw new IOException("its last reader has left");
                }
            }
            if (_written != length)
                throw new IOException("the image ended before its stated length");
            store?.Add(id, file.Name, length);
            Advance(_written, isOver: true);
            return true;
        }
        catch (Exception exception)
        {
            store?.DeleteUnfinished(id, file.Name);
            Advance(_written, isOver: true, exception);
            return false;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
            Release();
        }
    }

    private async Task WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            await file.WriteAsync(bytes);
        }
        catch (IOException exception)
        {
            // Its room was taken before, so this is rare: the next downloads do without the cache.
            store?.Suspend(exception);
            throw;
        }
    }

    private void Advance(long written, bool isOver = false, Exception? fault = null)
    {
        TaskCompletionSource progress;
        lock (_lock)
        {
            (_written, _isOver, _fault) = (written, isOver, fault);
            progress = _progress;
            _progress = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
        progress.SetResult();
    }

    public void Release()
    {
        lock (_lock)
        {
            _users--;
            // Nobody reads it any more.
            _isAbandoned |= _users == 1 && _written < length;
            if (_users > 0)
                return;
        }
        file.Dispose();
        closed();
    }

    private async ValueTask<int> ReadAsync(Memory<byte> buffer, long position, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task progress;
            long available;
            lock (_lock)
            {
                available = _written - position;
                if (available <= 0 && _isOver)
                    return _fault is null ? 0 : throw new IOException("the image could not be read to its end", _fault);
                progress = _progress.Task;
            }
            if (available > 0)
                return await RandomAccess.ReadAsync(
                    file.SafeFileHandle,
                    buffer[..(int)Math.Min(buffer.Length, available)],
                    position,
                    cancellationToken
                );
            await progress.WaitAsync(cancellationToken);
        }
    }

    private sealed class Reader(SharedDownload download) : ForwardStream
    {
        private long _position;
        private int _isClosed;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await download.ReadAsync(buffer, _position, cancellationToken);
            _position += read;
            return read;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing && Interlocked.Exchange(ref _isClosed, 1) == 0)
                download.Release();
            base.Dispose(disposing);
        }
    }
}
