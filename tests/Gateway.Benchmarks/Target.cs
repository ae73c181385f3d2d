using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Gateway.Benchmarks;

/// <summary>A process under load.</summary>
internal sealed class Target : IDisposable
{
    private static readonly double TicksPerSecond = 100;
    private readonly Process _process;
    private readonly string _allocated;

    private Target(string name, Process process, int port, string allocated) =>
        (Name, _process, Port, _allocated) = (name, process, port, allocated);

    public string Name { get; }

    public int Port { get; }

    public TimeSpan StartUp { get; private init; }

    /// <summary>Other processes that work for it, such as a database server.</summary>
    public Func<IEnumerable<int>> Servers { get; init; } = () => [];

    /// <summary>User and system time of the process itself.</summary>
    public TimeSpan Cpu => CpuOf(_process.Id);

    public TimeSpan ServersCpu => Servers().Aggregate(TimeSpan.Zero, (sum, id) => sum + CpuOf(id));

    public long AllocatedBytes => File.Exists(_allocated) ? long.Parse(File.ReadAllText(_allocated), CultureInfo.InvariantCulture) : 0;

    public double RssMegabytes =>
        double.Parse(
            File.ReadLines($"/proc/{_process.Id}/status").First(line => line.StartsWith("VmRSS", StringComparison.Ordinal)).Split(' ')[^2],
            CultureInfo.InvariantCulture
        ) / 1024;

    /// <summary>Starts <c>dotnet PROGRAM …</c> with its log discarded and waits for the first 200.</summary>
    public static Target Start(
        string name,
        string[] arguments,
        int port,
        string readyPath,
        Func<IEnumerable<int>>? servers = null,
        params (string Name, string Value)[] environment
    )
    {
        var allocated = Path.Combine(Path.GetTempPath(), $"gateway-benchmark-{Guid.NewGuid():N}");
        var start = new ProcessStartInfo("sh", ["-c", "exec dotnet \"$@\" > /dev/null", "sh", .. arguments]) { UseShellExecute = false };
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

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        File.Delete(_allocated);
    }

    private static TimeSpan CpuOf(int id)
    {
        try
        {
            var fields = File.ReadAllText($"/proc/{id}/stat");
            var after = fields[(fields.LastIndexOf(')') + 2)..].Split(' ');
            return TimeSpan.FromSeconds(after[11..13].Sum(ticks => double.Parse(ticks, CultureInfo.InvariantCulture)) / TicksPerSecond);
        }
        catch (IOException)
        {
            return TimeSpan.Zero;
        }
    }

    private static bool Answers(int port, string path)
    {
        try
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 2000 };
            socket.Connect(IPAddress.Loopback, port);
            socket.Send(System.Text.Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"));
            var buffer = new byte[1024];
            var read = socket.Receive(buffer);
            return buffer.AsSpan(0, read).StartsWith("HTTP/1.1 200"u8);
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
