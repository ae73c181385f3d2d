using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Gateway.Edge.Delivery;

/// <summary>
/// A second handle of a TCP connection that is being closed, to see whether the peer has acknowledged everything or
/// has answered with a reset. Linux only.
/// </summary>
internal sealed partial class ClosingSocket : IDisposable
{
    private const int Tcp = 6;
    private const int TcpInfo = 11;
    private const byte StateClosed = 7;

    /// <summary>In <c>struct tcp_info</c>: state, unacknowledged segments, acknowledged bytes.</summary>
    private const int Unacknowledged = 24;
    private const int Acknowledged = 120;
    private const int InfoLength = 128;

    /// <summary>Less than any answer has, and more than a FIN counts.</summary>
    private const ulong SmallestAnswer = 64;

    private static readonly TimeSpan PollTime = TimeSpan.FromMilliseconds(4);

    /// <summary>A peer that closes with unread bytes sends its reset right behind its FIN.</summary>
    private static readonly TimeSpan ResetFollows = TimeSpan.FromMilliseconds(20);

    private readonly Socket _socket;
    private readonly ulong _acknowledgedBefore;

    private ClosingSocket(Socket socket, ulong acknowledgedBefore) => (_socket, _acknowledgedBefore) = (socket, acknowledgedBefore);

    /// <summary>Bytes that the peer has acknowledged; null: this system cannot say, or it is closed.</summary>
    public static ulong? CountAcknowledged(Socket? socket)
    {
        if (socket is null || !OperatingSystem.IsLinux())
            return null;
        try
        {
            Span<byte> info = stackalloc byte[InfoLength];
            return socket.GetRawSocketOption(Tcp, TcpInfo, info) == InfoLength ? BitConverter.ToUInt64(info[Acknowledged..]) : null;
        }
        catch (Exception gone) when (gone is ObjectDisposedException or SocketException)
        {
            return null;
        }
    }

    /// <param name="acknowledgedBefore">Before the answer was written.</param>
    /// <returns>Null: it is closed already.</returns>
    public static ClosingSocket? Duplicate(Socket socket, ulong acknowledgedBefore)
    {
        try
        {
            var copy = Duplicate(socket.SafeHandle);
            return copy < 0 ? null : new ClosingSocket(new Socket(new SafeSocketHandle(copy, ownsHandle: true)), acknowledgedBefore);
        }
        catch (Exception gone) when (gone is ObjectDisposedException or SocketException)
        {
            return null;
        }
    }

    /// <summary>
    /// Whether the connection is gone although this side has not closed it: the peer has reset it, and a read has
    /// taken the error.
    /// </summary>
    public bool IsGone
    {
        get
        {
            Span<byte> info = stackalloc byte[InfoLength];
            _socket.GetRawSocketOption(Tcp, TcpInfo, info);
            return info[0] == StateClosed;
        }
    }

    /// <returns>False: the peer did not receive everything, as far as it can be known in this time.</returns>
    public async Task<bool> EndsInOrderAsync(TimeSpan atMost)
    {
        var started = Stopwatch.GetTimestamp();
        var info = new byte[InfoLength];
        long? acknowledged = null;
        while (Stopwatch.GetElapsedTime(started) < atMost)
        {
            if ((int)_socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)! != 0)
                return false;
            _socket.GetRawSocketOption(Tcp, TcpInfo, info);
            var isReceived = BitConverter.ToUInt64(info, Acknowledged) >= _acknowledgedBefore + SmallestAnswer;
            if (!isReceived && info[0] == StateClosed)
                return false;
            if (!isReceived || BitConverter.ToUInt32(info, Unacknowledged) > 0)
                acknowledged = null;
            else
                acknowledged ??= Stopwatch.GetTimestamp();
            if (acknowledged is { } since && Stopwatch.GetElapsedTime(since) >= ResetFollows)
                return true;
            await Task.Delay(PollTime);
        }
        return false;
    }

    public void Dispose() => _socket.Dispose();

    [LibraryImport("libc", EntryPoint = "dup", SetLastError = true)]
    private static partial int Duplicate(SafeSocketHandle socket);
}
