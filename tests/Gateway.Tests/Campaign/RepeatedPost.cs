using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Campaign;

/// <summary>
/// A POST whose client hangs up exactly: it takes no byte of the answer before it has decided to wait for all of it. An
/// HTTP client that gives up may have read the answer already, and then closes in order, as one that has received it.
/// </summary>
internal static class RepeatedPost
{
    private const StringComparison Ignored = StringComparison.OrdinalIgnoreCase;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(20);

    /// <exception cref="IOException">There was no answer, or an incomplete one.</exception>
    /// <exception cref="OperationCanceledException">It hung up.</exception>
    public static async Task<(int Status, bool RetryAfter, string Body)> SendAsync(
        Uri gateway,
        string tenant,
        string body,
        CancellationToken hangUp
    )
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(hangUp);
        patience.CancelAfter(Longest);
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(gateway.Host, gateway.Port, patience.Token);
            await socket.SendAsync(
                Encoding.UTF8.GetBytes(
                    $"POST /v2/generations HTTP/1.1\r\nHost: localhost\r\nX-Tenant-Id: {tenant}\r\n"
                        + $"Content-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}"
                ),
                patience.Token
            );
            // Returns when there is something to read, and reads nothing: what is unread is answered with a reset.
            await socket.ReceiveAsync(Memory<byte>.Empty, patience.Token);
            return await ReadAsync(socket, gateway.Port);
        }
        catch (SocketException broken)
        {
            throw new IOException("The connection was lost.", broken);
        }
    }

    private static async Task<(int Status, bool RetryAfter, string Body)> ReadAsync(Socket socket, int port)
    {
        var (text, buffer) = ("", new byte[16 * 1024]);
        while (true)
        {
            var length = await socket.ReceiveAsync(buffer, CancellationToken.None);
            if (length == 0)
                throw new IOException("The answer is incomplete.");
            text += Encoding.Latin1.GetString(buffer, 0, length);
            if (
                text.Split("\r\n\r\n", 2) is not [var head, var body]
                || !$"{head}\r\n".Contains($"\r\nContent-Length: {body.Length}\r\n", Ignored)
            )
                continue;
            SecretScanner.ForPort(port)?.Scan("raw answer", text);
            return (int.Parse(head.Split(' ')[1], CultureInfo.InvariantCulture), head.Contains("\r\nRetry-After: ", Ignored), body);
        }
    }
}
