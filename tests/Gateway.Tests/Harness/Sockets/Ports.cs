using System.Net;
using System.Net.Sockets;

namespace Gateway.Tests.Harness.Sockets;

/// <summary>
/// Free ports for processes that cannot choose one themselves. They are below the range that the system
/// gives to outgoing connections, so that none is taken between the choice and the use.
/// </summary>
internal static class Ports
{
    private const int First = 10_000;
    private const int Count = 20_000;

    private static int _next = Random.Shared.Next(Count);

    public static int Free()
    {
        while (true)
        {
            var port = First + Interlocked.Increment(ref _next) % Count;
            try
            {
                using var listener = new TcpListener(IPAddress.Any, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // In use.
            }
        }
    }
}
