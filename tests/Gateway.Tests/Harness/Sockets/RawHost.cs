using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Gateway.Tests.Harness.Sockets;

/// <summary>
/// A host that answers every connection with the bytes that a test gives, and counts the connections.
/// </summary>
internal sealed class RawHost : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;
    private int _connections;

    public RawHost(Func<string, Stream, CancellationToken, Task> answer)
    {
        _listener.Start();
        _accepting = AcceptAsync(answer);
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public Uri Address => new($"http://127.0.0.1:{Port}");

    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Sends one complete response to every request.</summary>
    public static RawHost Answering(string head, byte[]? body = null) =>
        new(
            async (_, stream, stop) =>
            {
                await stream.WriteAsync(Encoding.ASCII.GetBytes(head.ReplaceLineEndings("\r\n") + "\r\n\r\n"), stop);
                await stream.WriteAsync(body ?? [], stop);
            }
        );

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync(Func<string, Stream, CancellationToken, Task> answer)
    {
        var serving = new List<Task>();
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                Interlocked.Increment(ref _connections);
                serving.Add(ServeAsync(client, answer));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(serving);
        }
    }

    private async Task ServeAsync(TcpClient client, Func<string, Stream, CancellationToken, Task> answer)
    {
        using (client)
        {
            try
            {
                await using var stream = client.GetStream();
                await answer(await HeadAsync(stream), stream, _stop.Token);
                client.Client.Shutdown(SocketShutdown.Send);
            }
            catch (Exception exception) when (exception is IOException or OperationCanceledException or SocketException)
            {
                // The gateway closed the connection, or the test has ended.
            }
        }
    }

    private async Task<string> HeadAsync(NetworkStream stream)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal) && await stream.ReadAsync(one, _stop.Token) > 0)
            head.Append((char)one[0]);
        return head.ToString();
    }
}
