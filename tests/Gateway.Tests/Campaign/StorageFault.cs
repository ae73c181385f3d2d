using System.Globalization;

namespace Gateway.Tests.Campaign;

/// <summary>A fault of the disk below SQLite, injected by <c>strace</c> into a call of the gateway.</summary>
/// <param name="Call">The system call.</param>
/// <param name="Fault">As <c>strace</c> names it.</param>
/// <param name="First">Of the calls of each thread, the number of the first that has it.</param>
/// <param name="LastsOn">Whether all calls after it have it too.</param>
internal sealed record StorageFault(string Call, string Fault, int First, bool LastsOn)
{
    private const string Kill = "signal=KILL";

    /// <summary>With the highest number of the first call: about what a thread makes in a second.</summary>
    private static readonly (string Call, int Most)[] Calls = [("fsync", 30), ("pwrite64", 600), ("ftruncate", 2), ("unlink", 2)];

    private static readonly string[] Faults = ["error=EIO", "error=ENOSPC", "delay_enter=300000", Kill];

    /// <summary>Whether the gateway must be of service again by itself.</summary>
    public bool Passes => !LastsOn && Fault != Kill;

    public bool Kills => Fault == Kill;

    public static StorageFault Next(Random random)
    {
        var (call, most) = Calls[random.Next(Calls.Length)];
        var fault = Faults[random.Next(Faults.Length)];
        return new StorageFault(call, fault, random.Next(1, most + 1), fault != Kill && random.Next(2) == 0);
    }

    /// <summary>The command that runs the gateway.</summary>
    public IReadOnlyList<string> Within(string trace) =>
        ["strace", "-f", "--seccomp-bpf", "-qq", "-s", "0", "-o", trace, "-e", $"inject={Call}:{Fault}:when={First}{(LastsOn ? "+" : "")}"];

    /// <summary>Whether a call had it. Not for one that kills.</summary>
    public static bool HasHit(string trace) =>
        File.Exists(trace)
        && File.ReadLines(trace)
            .Any(line => line.EndsWith("(INJECTED)", StringComparison.Ordinal) || line.EndsWith("(DELAYED)", StringComparison.Ordinal));

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Call} {Fault} {First}{(LastsOn ? "+" : "")}");
}
