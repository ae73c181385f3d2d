using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Gateway.Tests.Tenants;

/// <summary>
/// A caller at an address of its own (all of 127.0.0.0/8 is this machine) that sends header lines which an HTTP client
/// would refuse.
/// </summary>
internal static class RawCaller
{
    public static async Task<Reply> Ask(Uri gateway, IPAddress from, string path, params string[] headers)
    {
        var target = from.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Loopback : IPAddress.Loopback;
        using var socket = new Socket(from.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(from, 0));
        await socket.ConnectAsync(new IPEndPoint(target, gateway.Port), TestContext.Current.CancellationToken);
        await using var stream = new NetworkStream(socket);
        var host = headers.Any(line => line.StartsWith("Host:", StringComparison.Ordinal)) ? "" : "Host: gateway\r\n";
        var lines = string.Concat(headers.Select(line => line + "\r\n"));
        await stream.WriteAsync(
            Encoding.UTF8.GetBytes($"GET {path} HTTP/1.1\r\n{host}Connection: close\r\n{lines}\r\n"),
            TestContext.Current.CancellationToken
        );
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return Reply.OfRaw(await reader.ReadToEndAsync(TestContext.Current.CancellationToken));
    }
}
