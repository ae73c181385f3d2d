using System.Net.Sockets;

/// <summary>
/// Loaded into a process by <c>DOTNET_STARTUP_HOOKS</c>: answers on a Unix socket how many bytes the process has
/// allocated, and how long it has compiled, since its start. It costs nothing while nobody asks.
/// </summary>
internal static class StartupHook
{
    /// <summary>The environment variable that names the socket's file.</summary>
    public const string File = "BENCHMARK_SOCKET";

    /// <summary>Called by the runtime before the program's own <c>Main</c>.</summary>
    public static void Initialize()
    {
        if (Environment.GetEnvironmentVariable(File) is { } file)
            new Thread(() => Answer(file)) { IsBackground = true }.Start();
    }

    /// <summary>Asks the process that listens on this file.</summary>
    public static (long AllocatedBytes, TimeSpan Compiled) Read(string file)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(file));
        Span<byte> answer = stackalloc byte[2 * sizeof(long)];
        return socket.Receive(answer) == answer.Length
            ? (BitConverter.ToInt64(answer), new TimeSpan(BitConverter.ToInt64(answer[sizeof(long)..])))
            : throw new InvalidOperationException("The process gave no complete answer.");
    }

    private static void Answer(string file)
    {
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(file));
        listener.Listen();
        while (true)
        {
            using var caller = listener.Accept();
            var (allocated, compiled) = (GC.GetTotalAllocatedBytes(precise: true), System.Runtime.JitInfo.GetCompilationTime());
            caller.Send([.. BitConverter.GetBytes(allocated), .. BitConverter.GetBytes(compiled.Ticks)]);
        }
    }
}
