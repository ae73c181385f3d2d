using System.Net.Sockets;

namespace Gateway.Edge.Delivery;

/// <summary>One answer, from just before it is written until it is known whether its caller received it.</summary>
/// <param name="socket">Null: the server has none.</param>
/// <param name="acknowledged">Bytes that the peer had acknowledged before; null: this system cannot say.</param>
/// <param name="isLast">Whether the gateway closes the connection after it.</param>
/// <param name="forget">Called when it is known.</param>
internal sealed class WatchedAnswer(Socket? socket, ulong? acknowledged, bool isLast, Action<WatchedAnswer> forget)
{
    private static readonly TimeSpan ResetTime = TimeSpan.FromSeconds(1);

    private readonly TaskCompletionSource<bool> _delivered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CancellationTokenRegistration _closed;
    private volatile bool _isWritten;
    private int _isClosed;

    /// <summary>Without a connection of ours: what was written counts as delivered.</summary>
    public static WatchedAnswer Unobserved => new(null, null, false, _ => { });

    /// <summary>To be called when the answer has been written completely, or could not be.</summary>
    /// <param name="isStreamReset">The caller has reset its stream of a connection that goes on (HTTP/2).</param>
    public async Task<bool> IsDeliveredAsync(bool isStreamReset)
    {
        _isWritten = true;
        if (isStreamReset)
            Complete(isDelivered: false);
        if (isLast)
            OnClosed(isOurs: true);
        try
        {
            return await _delivered.Task.WaitAsync(ResetTime);
        }
        catch (TimeoutException)
        {
            return true;
        }
        finally
        {
            _closed.Unregister();
            forget(this);
        }
    }

    public void CloseOn(CancellationToken cancellationToken) =>
        _closed = cancellationToken.UnsafeRegister(static state => ((WatchedAnswer)state!).OnClosed(isOurs: false), this);

    /// <summary>The connection carries another request. In HTTP/2 it may come while this answer is written.</summary>
    public void OnNextRequest()
    {
        if (_isWritten)
            Complete(isDelivered: true);
    }

    /// <summary>The server closes its socket next: how the connection ends is seen on a duplicate.</summary>
    /// <param name="isOurs">Whether the gateway closes it, and not its caller.</param>
    public void OnClosed(bool isOurs)
    {
        if (Interlocked.Exchange(ref _isClosed, 1) != 0)
            return;
        if (socket is null || !OperatingSystem.IsLinux())
            Complete(isDelivered: true);
        // Closed before the answer was written.
        else if (acknowledged is not { } before)
            Complete(isDelivered: false);
        else if (ClosingSocket.Duplicate(socket, before) is not { } copy)
            Complete(isDelivered: false);
        else
            _ = JudgeAsync(copy, isReset: !isOurs && copy.IsGone);
    }

    private void Complete(bool isDelivered) => _delivered.TrySetResult(isDelivered);

    private async Task JudgeAsync(ClosingSocket copy, bool isReset)
    {
        using (copy)
            Complete(!isReset && await copy.EndsInOrderAsync(ResetTime));
    }
}
