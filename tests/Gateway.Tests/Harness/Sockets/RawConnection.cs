using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Gateway.Tests.Harness.Sockets;

/// <summary>A TCP connection to the gateway that can send any bytes, well-formed or not.</summary>
internal sealed class RawConnection : IDisposable
{
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

    private readonly int _port;

    private RawConnection(int port) => _port = port;

    /// <param name="from">The caller's own address; null: the system chooses it.</param>
    public static async Task<RawConnection> OpenAsync(Uri address, IPAddress? from = null)
    {
        var connection = new RawConnection(address.Port);
        if (from is not null)
            connection._socket.Bind(new IPEndPoint(from, 0));
        await connection._socket.ConnectAsync(address.Host, address.Port, TestContext.Current.CancellationToken);
        return connection;
    }

    /// <returns>Everything that the gateway answers until it closes the connection or waits for more.</returns>
    public static async Task<string> ExchangeAsync(Uri address, string bytes)
    {
        using var connection = await OpenAsync(address);
        await connection.SendAsync(bytes);
        return await connection.ReadWhatComesAsync();
    }

    /// <summary>
    /// Sends Latin-1, one byte per character. Does not fail if the gateway has closed the connection: the answer shows
    /// that.
    /// </summary>
    public async Task<bool> SendAsync(string bytes)
    {
        try
        {
            await _socket.SendAsync(Encoding.Latin1.GetBytes(bytes), TestContext.Current.CancellationToken);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>Sends a FIN.</summary>
    public void Finish()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException) { }
    }

    /// <summary>Sends an RST.</summary>
    public void Reset()
    {
        _socket.LingerState = new LingerOption(true, 0);
        _socket.Close();
    }

    /// <summary>
    /// Reads until the gateway closes the connection; if it is silent for a while, sends a FIN first.
    /// </summary>
    public async Task<string> ReadWhatComesAsync()
    {
        var answer = new StringBuilder();
        try
        {
            while (true)
            {
                using var silence = new CancellationTokenSource(TimeSpan.FromSeconds(answer.Length == 0 ? 4 : 1));
                var part = await ReadAsync(silence.Token);
                if (part.Length == 0)
                    return answer.ToString();
                answer.Append(part);
            }
        }
        catch (OperationCanceledException)
        {
            Finish();
            return answer + await ReadToEndAsync();
        }
    }

    /// <exception cref="OperationCanceledException">The gateway neither answered nor closed.</exception>
    public async Task<string> ReadToEndAsync(int seconds = 30)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        var answer = new StringBuilder();
        while (await ReadAsync(patience.Token) is { Length: > 0 } part)
            answer.Append(part);
        return answer.ToString();
    }

    /// <summary>Reads until the received text contains <paramref name="text"/> as often as required.</summary>
    public async Task<string> ReadUntilAsync(string text, int times = 1)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var answer = "";
        while (answer.Split(text).Length <= times)
        {
            var part = await ReadAsync(patience.Token);
            if (part.Length == 0)
                break;
            answer += part;
        }
        return answer;
    }

    public void Dispose() => _socket.Dispose();

    private async Task<string> ReadAsync(CancellationToken patience)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            var length = await _socket.ReceiveAsync(buffer, patience);
            var text = Encoding.Latin1.GetString(buffer, 0, length);
            SecretScanner.ForPort(_port)?.Scan("raw answer", text);
            return text;
        }
        catch (SocketException)
        {
            // Closing with unread bytes causes a reset, which counts as closing.
            return "";
        }
    }
}
