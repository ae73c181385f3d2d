using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Gateway.Benchmarks.Proxy;

/// <summary>As much of HTTP/1.1 as a benchmark needs.</summary>
internal static class HttpMessage
{
    /// <returns>The length of the first message; 0 if it is incomplete.</returns>
    public static int LengthOf(ReadOnlySpan<byte> bytes)
    {
        var head = bytes.IndexOf("\r\n\r\n"u8);
        if (head < 0)
            return 0;
        head += 4;
        if (bytes[..head].IndexOf("chunked"u8) >= 0)
        {
            var end = bytes[head..].IndexOf("0\r\n\r\n"u8);
            return end < 0 ? 0 : head + end + 5;
        }
        var at = IndexOfLength(bytes[..head]);
        if (at < 0)
            return head;
        Utf8Parser.TryParse(bytes[at..head], out int body, out _);
        return bytes.Length >= head + body ? head + body : 0;
    }

    public static string Ok(string json) =>
        $"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(json)}\r\n\r\n{json}";

    public static byte[] Get(string path) => Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");

    public static byte[] Post(string path, string body) =>
        Encoding.ASCII.GetBytes(
            $"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}"
        );

    /// <param name="from">The caller's own address.</param>
    public static Socket Connect(int port, IPAddress from)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
        {
            NoDelay = true,
            ReceiveTimeout = 30_000,
        };
        socket.Bind(new IPEndPoint(from, 0));
        socket.Connect(IPAddress.Loopback, port);
        return socket;
    }

    /// <returns>How much of <paramref name="buffer"/> the answer fills.</returns>
    public static int Exchange(Socket socket, byte[] request, byte[] buffer)
    {
        socket.Send(request);
        var filled = 0;
        do
        {
            var read = socket.Receive(buffer.AsSpan(filled));
            if (read == 0)
                throw new InvalidOperationException("The target closed the connection.");
            filled += read;
        } while (LengthOf(buffer.AsSpan(0, filled)) == 0);
        return filled;
    }

    /// <summary>Over a connection of its own.</summary>
    /// <returns>The head and the body of the answer.</returns>
    public static string Exchange(int port, IPAddress from, byte[] request)
    {
        using var socket = Connect(port, from);
        var buffer = new byte[1024 * 1024];
        return Encoding.UTF8.GetString(buffer, 0, Exchange(socket, request, buffer));
    }

    private static int IndexOfLength(ReadOnlySpan<byte> head)
    {
        var at = head.IndexOf("ontent-"u8);
        while (at >= 0)
        {
            var name = head[(at + 7)..];
            if (name.StartsWith("Length: "u8) || name.StartsWith("length: "u8))
                return at + 15;
            var next = name.IndexOf("ontent-"u8);
            at = next < 0 ? -1 : at + 7 + next;
        }
        return -1;
    }
}
