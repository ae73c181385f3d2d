using System.Runtime.InteropServices;

namespace Gateway.Benchmarks.Proxy;

/// <summary>Linux calls that are finer than those of .NET: CPU in nanoseconds, pauses in microseconds.</summary>
internal static class Native
{
    private const int TimerSlack = 29;
    private const long NanosecondsPerSecond = 1_000_000_000;

    /// <summary>User and system time of another process, all of its threads; zero if it has ended.</summary>
    public static TimeSpan CpuOf(int process) =>
        // MAKE_PROCESS_CPUCLOCK(process, CPUCLOCK_SCHED) of the kernel's posix-timers.h.
        clock_gettime((~process << 3) | 2, out var time) == 0
            ? TimeSpan.FromTicks(((time.Seconds * NanosecondsPerSecond) + time.Nanoseconds) / TimeSpan.NanosecondsPerTick)
            : TimeSpan.Zero;

    public static void Sleep(TimeSpan time)
    {
        var pause = new Time(time.Ticks / TimeSpan.TicksPerSecond, time.Ticks % TimeSpan.TicksPerSecond * TimeSpan.NanosecondsPerTick);
        _ = nanosleep(in pause, IntPtr.Zero);
    }

    /// <summary>Pauses of this thread end on time; by default they may be 50 µs longer.</summary>
    public static void SleepPrecisely() => _ = prctl(TimerSlack, 1, 0, 0, 0);

#pragma warning disable IDE1006, SYSLIB1054 // names of libc; no unsafe code in the project
    [DllImport("libc")]
    private static extern int clock_gettime(int clock, out Time time);

    [DllImport("libc")]
    private static extern int nanosleep(in Time time, IntPtr remaining);

    [DllImport("libc")]
    private static extern int prctl(int option, nuint second, nuint third, nuint fourth, nuint fifth);
#pragma warning restore IDE1006, SYSLIB1054

    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct Time(long Seconds, long Nanoseconds);
}
