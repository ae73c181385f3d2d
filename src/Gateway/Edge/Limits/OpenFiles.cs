using System.Runtime.InteropServices;

namespace Gateway.Edge.Limits;

/// <summary>
/// How many files and sockets this process may have open (RLIMIT_NOFILE), and how many connections of callers fit
/// into it. A process that reaches the limit cannot accept, connect or open its store, and the runtime ends it (T-K7).
/// </summary>
internal static partial class OpenFiles
{
    /// <summary>
    /// For the runtime, which keeps every assembly open (measured: 310 files after a few requests), the store, the log,
    /// OpenID Connect, alerts and traces.
    /// </summary>
    private const int Reserve = 384;

    /// <summary>
    /// A connection of a caller, and what its request may open: a connection to the upstream or to an image host, or
    /// the file of an upload.
    /// </summary>
    private const int PerConnection = 2;

    private const int LinuxNumber = 7;
    private const int MacNumber = 8;

    /// <summary>Null: there is no limit, or this system has none.</summary>
    public static long? Limit
    {
        get
        {
            if (OperatingSystem.IsWindows())
                return null;
            // The runtime has raised the soft limit to the hard one.
            Span<nuint> limits = stackalloc nuint[2];
            var isKnown = GetLimit(OperatingSystem.IsMacOS() ? MacNumber : LinuxNumber, ref MemoryMarshal.GetReference(limits)) == 0;
            return isKnown && limits[0] <= int.MaxValue ? (long)limits[0] : null;
        }
    }

    /// <summary>The connections of callers that fit into the limit.</summary>
    public static int ConnectionsWithin(long limit) => (int)Math.Clamp((limit - Reserve) / PerConnection, 0, int.MaxValue);

    /// <summary>Why a process with this limit does not start; null: it may.</summary>
    /// <param name="fewest">The connections that it needs.</param>
    public static string? Refuse(long limit, int fewest) =>
        ConnectionsWithin(limit) is var usable && usable < fewest
            ? $"only {usable} connections fit into the limit of open files of this process, which is {limit}, and at least {fewest} are needed: "
                + $"raise the limit of open files (ulimit -n) to {Reserve + (fewest * PerConnection)} or more"
            : null;

    /// <param name="limits">The first of two: <c>struct rlimit</c>, the soft and the hard limit.</param>
    [LibraryImport("libc", EntryPoint = "getrlimit", SetLastError = true)]
    private static partial int GetLimit(int resource, ref nuint limits);
}
