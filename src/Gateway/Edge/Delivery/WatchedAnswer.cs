namespace Gateway.Edge.Delivery;

/// <summary>One answer, from just before it is written until it is known whether its caller received it.</summary>
/// <param name="isObservable">Whether this system shows what happens to the bytes of a connection.</param>
/// <param name="socket">The connection; null: not observable, or closed before the answer is written.</param>
/// <param name="isLast">Whether the gateway closes the connection after it.</param>
/// <param name="forget">Called when it is known.</param>
internal sealed class WatchedAnswer(bool isObservable, ObservedSocket? socket, bool isLast, Action<WatchedAnswer> forget)
{
    private static readonly TimeSpan ResetTime = TimeSpan.FromSeconds(1);

    private readonly TaskCompletionSource<bool> _delivered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CancellationTokenRegistration _closed;
    private volatile bool _isWritten;
    private int _isClosed;

    /// <summary>Without a connection of ours: what was written counts as delivered.</summary>
    public static WatchedAnswer Unobserved => new(false, null, false, _ => { });

    /// <summary>To be called when the answer has been written completely, or could not be.</summary>
    /// <param name="isStreamReset">The caller has reset its stream of a connection that goes on (HTTP/2).</param>
    public async Task<bool> IsDeliveredAsync(bool isStreamReset)
    {
        _isWritten = true;
        if (isStreamReset)
            Complete(isDelivered: false);
        if (isLast)
            OnClosed();
        try
        {
            return await _delivered.Task.WaitAsync(ResetTime);
        }
        catch (TimeoutException)
        {
            // A busy server may not have seen the reset.
            return socket?.IsReset() != true;
        }
        finally
        {
            _closed.Unregister();
            forget(this);
            socket?.Dispose();
        }
    }

    public void CloseOn(CancellationToken cancellationToken) =>
        _closed = cancellationToken.UnsafeRegister(static state => ((WatchedAnswer)state!).OnClosed(), this);

    /// <summary>The connection carries another request. In HTTP/2 it may come while this answer is written.</summary>
    public void OnNextRequest()
    {
        if (_isWritten)
            Complete(isDelivered: true);
    }

    /// <summary>The connection is being closed, by either side.</summary>
    public void OnClosed()
    {
        if (Interlocked.Exchange(ref _isClosed, 1) != 0)
            return;
        if (!isObservable)
            Complete(isDelivered: true);
        else if (socket is null)
            Complete(isDelivered: false);
        else
            _ = JudgeAsync(socket);
    }

    private void Complete(bool isDelivered) => _delivered.TrySetResult(isDelivered);

    private async Task JudgeAsync(ObservedSocket closing)
    {
        try
        {
            Complete(await closing.EndsInOrderAsync(ResetTime));
        }
        catch (ObjectDisposedException)
        {
            // It was known otherwise.
        }
    }
}
