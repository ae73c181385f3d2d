using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Gateway.Benchmarks.Proxy;

/// <summary>A process under load, with its children.</summary>
internal sealed class Target : IDisposable
{
    /// <summary>In the kernel's statistics of processes.</summary>
    private const double TicksPerSecond = 100;

    private readonly Process _process;
    private readonly string _allocated;

    private Target(string name, Process process, int port, string allocated) =>
        (Name, _process, Port, _allocated) = (name, process, port, allocated);

    public string Name { get; }

    public int Port { get; }

    public TimeSpan StartUp { get; private init; }

    /// <summary>Other processes that work for it, such as a database server.</summary>
    public Func<IEnumerable<int>> Servers { get; init; } = () => [];

    /// <summary>User and system time.</summary>
    public TimeSpan Cpu => CpuOf(Processes);

    public TimeSpan ServersCpu => CpuOf(Servers());

    /// <summary>Since its start; 0 if it is not a .NET program.</summary>
    public long AllocatedBytes => Hook.AllocatedBytes;

    /// <summary>How long it has compiled its own code since its start; zero if it is not a .NET program.</summary>
    public TimeSpan Compiled => Hook.Compiled;

    public double RssMegabytes => Processes.Sum(RssOf);

    private (long AllocatedBytes, TimeSpan Compiled) Hook => File.Exists(_allocated) ? StartupHook.Read(_allocated) : default;

    private IEnumerable<int> Processes => [_process.Id, .. ChildrenOf(_process.Id)];

    /// <summary>Starts a program with its output discarded and waits for the first 200.</summary>
    public static Target Start(
        string name,
        string[] command,
        int port,
        string readyPath,
        Func<IEnumerable<int>>? servers = null,
        params (string Name, string Value)[] environment
    )
    {
        var allocated = Path.Combine(Path.GetTempPath(), $"gateway-benchmark-{Guid.NewGuid():N}");
        var start = new ProcessStartInfo("sh", ["-c", "exec \"$@\" > /dev/null", "sh", .. command]) { UseShellExecute = false };
        start.Environment["DOTNET_STARTUP_HOOKS"] = typeof(Target).Assembly.Location;
        start.Environment[StartupHook.File] = allocated;
        start.Environment["ASPNETCORE_ENVIRONMENT"] = "Production";
        foreach (var (key, value) in environment)
            start.Environment[key] = value;
        var clock = Stopwatch.StartNew();
        var process = Process.Start(start)!;
        while (!Answers(port, readyPath))
        {
            if (process.HasExited || clock.Elapsed > TimeSpan.FromSeconds(60))
                throw new InvalidOperationException($"{name} did not start.");
            Thread.Sleep(5);
        }
        return new Target(name, process, port, allocated) { StartUp = clock.Elapsed, Servers = servers ?? (() => []) };
    }

    public static IEnumerable<int> ChildrenOf(int process)
    {
        try
        {
            return
            [
                .. File.ReadAllText($"/proc/{process}/task/{process}/children")
                    .Split(' ', StringSplitOptions.RemoveEmptyEntries)
                    .Select(id => int.Parse(id, CultureInfo.InvariantCulture)),
            ];
        }
        catch (IOException)
        {
            return [];
        }
    }

    /// <summary>Asks it to end, as an orchestrator does, and waits for that.</summary>
    public void Stop()
    {
        using (var kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]))
            kill.WaitForExit();
        _process.WaitForExit();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            Stop();
        _process.Dispose();
        File.Delete(_allocated);
    }

    private static TimeSpan CpuOf(IEnumerable<int> processes) =>
        processes.Aggregate(TimeSpan.Zero, (sum, process) => sum + Native.CpuOf(process) + CpuOfEndedChildren(process));

    /// <summary>So that the sum does not fall when a child ends, such as a database server's process.</summary>
    private static TimeSpan CpuOfEndedChildren(int process)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{process}/stat");
            var ticks = stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[13..15].Sum(text => long.Parse(text, CultureInfo.InvariantCulture));
            return TimeSpan.FromSeconds(ticks / TicksPerSecond);
        }
        catch (IOException)
        {
            return TimeSpan.Zero;
        }
    }

    private static double RssOf(int process) =>
        double.Parse(
            File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("VmRSS", StringComparison.Ordinal)).Split(' ')[^2],
            CultureInfo.InvariantCulture
        ) / 1024;

    private static bool Answers(int port, string path)
    {
        try
        {
            var answer = HttpMessage.Exchange(port, IPAddress.Loopback, HttpMessage.Get(path));
            return answer.StartsWith("HTTP/1.1 200", StringComparison.Ordinal);
        }
        catch (Exception exception) when (exception is SocketException or InvalidOperationException)
        {
            return false;
        }
    }
}
