using System.Collections.Concurrent;
using System.Threading.Channels;

namespace Gateway.Ledger.Writer;

/// <summary>Operations that callers have posted and the writer has not taken yet.</summary>
internal sealed class OperationQueue(TimeProvider time)
{
    private readonly Channel<LedgerOperation> _channel = Channel.CreateUnbounded<LedgerOperation>(
        new UnboundedChannelOptions { SingleReader = true }
    );
    private readonly ConcurrentQueue<LedgerOperation> _lazy = new();
    private Task<bool>? _readable;

    /// <returns>False: it has been stopped.</returns>
    public bool Post(LedgerOperation operation) => _channel.Writer.TryWrite(operation);

    /// <summary>Wakes nobody: it is taken together with others.</summary>
    public void PostLazily(LedgerOperation operation) => _lazy.Enqueue(operation);

    /// <returns>The batch, with what was posted lazily.</returns>
    public List<LedgerOperation> TakeLazy(List<LedgerOperation> batch, int most)
    {
        for (var n = 0; n < most && _lazy.TryDequeue(out var operation); n++)
            batch.Add(operation);
        return batch;
    }

    public void Stop() => _channel.Writer.TryComplete();

    public bool TryTake([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out LedgerOperation? operation) =>
        _channel.Reader.TryRead(out operation);

    /// <summary>Waits until there is an operation, at most this long.</summary>
    /// <returns>False: it has been stopped, and is empty.</returns>
    public async Task<bool> WaitAsync(TimeSpan pause, CancellationToken cancellationToken)
    {
        _readable ??= _channel.Reader.WaitToReadAsync(cancellationToken).AsTask();
        if (!_readable.IsCompleted && pause != Timeout.InfiniteTimeSpan)
        {
            using var awake = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            await Task.WhenAny(_readable, Task.Delay(pause, time, awake.Token));
            await awake.CancelAsync();
            cancellationToken.ThrowIfCancellationRequested();
            if (!_readable.IsCompleted)
                return true;
        }
        var isOpen = await _readable;
        if (isOpen)
            _readable = null;
        return isOpen;
    }
}
