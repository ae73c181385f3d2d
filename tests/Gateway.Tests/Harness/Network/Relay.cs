using System.Net;
using System.Net.Sockets;

namespace Gateway.Tests.Harness.Network;

/// <summary>Accepts connections on a port of this machine and serves each until one side closes it.</summary>
internal abstract class Relay : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private Task _accepting = Task.CompletedTask;
    private int _connections;

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public int Connections => Volatile.Read(ref _connections);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        _stop.Dispose();
    }

    protected void Start()
    {
        _listener.Start();
        _accepting = AcceptAsync();
    }

    protected abstract Task ServeAsync(Stream caller, CancellationToken cancellationToken);

    protected static async Task PipeAsync(Stream caller, int port, CancellationToken cancellationToken)
    {
        using var target = new TcpClient();
        await target.ConnectAsync(IPAddress.Loopback, port, cancellationToken);
        await using var other = target.GetStream();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(caller.CopyToAsync(other, end.Token), other.CopyToAsync(caller, end.Token));
        await end.CancelAsync();
    }

    private async Task AcceptAsync()
    {
        var serving = new List<Task>();
        try
        {
            while (true)
            {
                var caller = await _listener.AcceptTcpClientAsync(_stop.Token);
                Interlocked.Increment(ref _connections);
                serving.Add(ServeAsync(caller));
            }
        }
        catch (Exception stopped) when (stopped is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(serving);
        }
    }

    private async Task ServeAsync(TcpClient caller)
    {
        using (caller)
        {
            try
            {
                await using var stream = caller.GetStream();
                await ServeAsync(stream, _stop.Token);
            }
            catch (Exception gone)
                when (gone
                        is IOException
                            or OperationCanceledException
                            or SocketException
                            or System.Security.Authentication.AuthenticationException
                )
            {
                // One side closed the connection or refused the other, or the test has ended.
            }
        }
    }
}
