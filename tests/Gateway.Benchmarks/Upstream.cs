using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Gateway.Benchmarks;

/// <summary>
/// An upstream that costs little CPU: every POST creates a generation, and every generation is complete.
/// </summary>
internal static class Upstream
{
    public static async Task RunAsync(int port)
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, port));
        listener.Listen(512);
        while (true)
            _ = ServeAsync(await listener.AcceptAsync());
    }

    private static async Task ServeAsync(Socket socket)
    {
        using var connection = socket;
        connection.NoDelay = true;
        var buffer = new byte[64 * 1024];
        var filled = 0;
        try
        {
            while (true)
            {
                var length = LengthOf(buffer.AsSpan(0, filled));
                if (length == 0)
                {
                    var read = await connection.ReceiveAsync(buffer.AsMemory(filled));
                    if (read == 0)
                        return;
                    filled += read;
                    continue;
                }
                await connection.SendAsync(Answer(buffer.AsSpan(0, length)));
                buffer.AsSpan(length, filled - length).CopyTo(buffer);
                filled -= length;
            }
        }
        catch (SocketException)
        {
            // The client closed the connection.
        }
    }

    /// <returns>The length of the first request; 0 if it is incomplete.</returns>
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
        System.Buffers.Text.Utf8Parser.TryParse(bytes[at..head], out int body, out _);
        return bytes.Length >= head + body ? head + body : 0;
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

    /// <summary>The ids are ordered by time, as those of the upstream (version 6).</summary>
    private static byte[] Answer(ReadOnlySpan<byte> request)
    {
        var json = request.StartsWith("POST"u8)
            ? $$$$"""{"generate":{"generationId":"{{{{Guid.CreateVersion7()}}}}","apiCreditCost":null,"cost":{"amount":"0.0837","unit":"DOLLARS"}}}"""
            : """{"generations_by_pk":{"status":"COMPLETE","generated_images":[]}}""";
        return Encoding.UTF8.GetBytes($"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {json.Length}\r\n\r\n{json}");
    }
}
