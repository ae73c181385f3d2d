using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Gateway.Edge.Delivery;

/// <summary>
/// A second handle of a TCP connection, taken before an answer is written: it shows whether the peer has received
/// everything or has answered with a reset, also after the server has closed the connection. Linux only.
/// </summary>
internal sealed partial class ObservedSocket : IDisposable
{
    private const int Tcp = 6;
    private const int TcpInfo = 11;
    private const int SocketLevel = 1;
    private const int SocketError = 4;
    private const byte StateClosed = 7;

    /// <summary>Time-wait, closed, close-wait, last-ack, closing: the peer has sent a FIN or a reset.</summary>
    private static readonly byte[] ClosedByPeer = [6, StateClosed, 8, 9, 11];

    /// <summary>In <c>struct tcp_info</c>: state, unacknowledged segments, acknowledged and received bytes.</summary>
    private const int Unacknowledged = 24;
    private const int Acknowledged = 120;
    private const int Received = 128;
    private const int InfoLength = 136;

    /// <summary>Less than any answer has, and more than a FIN counts.</summary>
    private const ulong SmallestAnswer = 64;

    private static readonly TimeSpan PollTime = TimeSpan.FromMilliseconds(4);

    /// <summary>A peer that closes with unread bytes sends its reset right behind its acknowledgement.</summary>
    private static readonly TimeSpan ResetFollows = TimeSpan.FromMilliseconds(20);

    private readonly Handle _handle;
    private readonly ulong _acknowledgedBefore;
    private readonly ulong _receivedBefore;

    private ObservedSocket(Handle handle, ReadOnlySpan<byte> info)
    {
        _handle = handle;
        _acknowledgedBefore = BitConverter.ToUInt64(info[Acknowledged..]);
        _receivedBefore = BitConverter.ToUInt64(info[Received..]);
    }

    /// <returns>Null: it is closed already.</returns>
    public static ObservedSocket? Open(Socket socket)
    {
        Handle? handle = null;
        try
        {
            handle = Duplicate(socket.SafeHandle);
            Span<byte> info = stackalloc byte[InfoLength];
            if (!handle.IsInvalid && TryRead(handle, info))
                return new ObservedSocket(handle, info);
        }
        catch (ObjectDisposedException)
        {
            // The server has closed it.
        }
        handle?.Dispose();
        return null;
    }

    /// <summary>As the system knows it. False for a socket that is not one of TCP.</summary>
    public static bool IsClosedByPeer(Socket socket)
    {
        Span<byte> info = stackalloc byte[InfoLength];
        try
        {
            return socket.GetRawSocketOption(Tcp, TcpInfo, info) > 0 && ClosedByPeer.Contains(info[0]);
        }
        catch (ObjectDisposedException)
        {
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>To be called when either side closes the connection.</summary>
    /// <returns>False: the peer did not receive everything, as far as it can be known in this time.</returns>
    /// <exception cref="ObjectDisposedException">It was disposed meanwhile.</exception>
    public async Task<bool> EndsInOrderAsync(TimeSpan atMost)
    {
        var started = Stopwatch.GetTimestamp();
        var info = new byte[InfoLength];
        long? acknowledged = null;
        while (Stopwatch.GetElapsedTime(started) < atMost)
        {
            if (IsReset(info))
                return false;
            if (!IsReceived(info) || BitConverter.ToUInt32(info, Unacknowledged) > 0)
                acknowledged = null;
            else
                acknowledged ??= Stopwatch.GetTimestamp();
            if (acknowledged is { } since && Stopwatch.GetElapsedTime(since) >= ResetFollows)
                return true;
            await Task.Delay(PollTime);
        }
        return false;
    }

    /// <summary>Whether the peer has answered with a reset by now.</summary>
    public bool IsReset() => IsReset(stackalloc byte[InfoLength]);

    public void Dispose() => _handle.Dispose();

    private bool IsReset(Span<byte> info)
    {
        if (HasError() || !TryRead(_handle, info))
            return true;
        // A FIN counts as a byte. Without one the peer has reset the connection, and a read has taken the error.
        var isFinished = BitConverter.ToUInt64(info[Received..]) > _receivedBefore;
        return info[0] == StateClosed && !(IsReceived(info) && isFinished);
    }

    private bool IsReceived(ReadOnlySpan<byte> info) => BitConverter.ToUInt64(info[Acknowledged..]) >= _acknowledgedBefore + SmallestAnswer;

    private static bool TryRead(Handle handle, Span<byte> info)
    {
        var length = info.Length;
        return GetOption(handle, Tcp, TcpInfo, info, ref length) == 0 && length == info.Length;
    }

    private bool HasError()
    {
        Span<byte> error = stackalloc byte[sizeof(int)];
        var length = error.Length;
        return GetOption(_handle, SocketLevel, SocketError, error, ref length) != 0 || BitConverter.ToInt32(error) != 0;
    }

    [LibraryImport("libc", EntryPoint = "dup", SetLastError = true)]
    private static partial Handle Duplicate(SafeSocketHandle socket);

    [LibraryImport("libc", EntryPoint = "getsockopt", SetLastError = true)]
    private static partial int GetOption(Handle socket, int level, int option, Span<byte> value, ref int length);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int CloseDescriptor(nint descriptor);

    /// <summary>Lighter than a socket, which would ask the system for its properties.</summary>
    private sealed class Handle() : SafeHandleMinusOneIsInvalid(ownsHandle: true)
    {
        protected override bool ReleaseHandle() => CloseDescriptor(handle) == 0;
    }
}
