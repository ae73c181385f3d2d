using System.Diagnostics;
using System.Globalization;
using System.Text;
using Gateway.Tests.Harness.Sockets;

namespace Gateway.Tests.Harness;

/// <summary>The gateway as an operator runs it: a separate process, configured by environment variables.</summary>
internal sealed class GatewayProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _output;
    private readonly IReadOnlyList<string> _keys;
    private readonly SecretScanner _secrets;
    private readonly Uri _ready;

    private GatewayProcess(Process process, StringBuilder output, int port, IReadOnlyDictionary<string, string> environment)
    {
        _process = process;
        _output = output;
        Address = new Uri($"http://127.0.0.1:{port}");
        Client = SecretScanningHandler.CreateClient(Address);
        var management = environment.TryGetValue("Management__Port", out var own) ? int.Parse(own, CultureInfo.InvariantCulture) : port;
        _ready = new Uri($"http://127.0.0.1:{management}/health/ready");
        _keys = [.. Keys(environment)];
        _secrets = new SecretScanner(
            [port, management],
            environment.TryGetValue("Leonardo__BaseUrl", out var upstream) ? [.. _keys, new Uri(upstream).Authority] : _keys
        );
    }

    public static string Program { get; } = Path.Combine(AppContext.BaseDirectory, "Gateway.dll");

    public Uri Address { get; }

    public HttpClient Client { get; }

    public int Id => _process.Id;

    public int ExitCode => _process.ExitCode;

    public bool HasExited => _process.HasExited;

    /// <summary>Everything the process wrote, to either stream.</summary>
    public string Output
    {
        get
        {
            lock (_output)
                return _output.ToString();
        }
    }

    /// <summary>Starts it and waits until it is ready.</summary>
    public static async Task<GatewayProcess> StartAsync(string folder, params (string Name, string Value)[] environment)
    {
        var gateway = Launch(folder, [], environment);
        await gateway.IsReadyAsync();
        return gateway;
    }

    /// <summary>Starts it without waiting until it is ready.</summary>
    /// <param name="within">A command that runs it, such as <c>setpriv --reuid=nobody</c>.</param>
    public static GatewayProcess Launch(string folder, IReadOnlyList<string> within, params (string Name, string Value)[] environment)
    {
        var port = Ports.Free();
        var (process, output) = Launch([.. within, "dotnet", Program], folder, [.. environment, ("ASPNETCORE_HTTP_PORTS", $"{port}")]);
        return new GatewayProcess(process, output, port, Last(environment));
    }

    public Task IsReadyAsync() =>
        Eventually.HoldsAsync(async () =>
        {
            if (_process.HasExited)
                throw new InvalidOperationException($"The gateway exited during its start with code {_process.ExitCode}: {Output}");
            try
            {
                return (await Client.GetAsync(_ready)).IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        });

    /// <summary>Runs it until it exits: for commands, and for settings with which it refuses to start.</summary>
    public static async Task<(int ExitCode, string Output)> RunAsync(
        string folder,
        IReadOnlyList<string> arguments,
        params (string Name, string Value)[] environment
    )
    {
        var (process, output) = Launch(["dotnet", Program, .. arguments], folder, environment);
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        try
        {
            await process.WaitForExitAsync(timeout.Token);
            return (process.ExitCode, output.ToString());
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
            process.Dispose();
        }
    }

    /// <summary>For settings with which it refuses to start.</summary>
    public Task HasExitedAsync() => _process.WaitForExitAsync(TestContext.Current.CancellationToken);

    /// <summary>With SIGTERM, as an orchestrator does.</summary>
    public async Task StopAsync()
    {
        await SignalAsync("TERM");
        await _process.WaitForExitAsync();
    }

    /// <param name="name">STOP suspends it with its sockets open; CONT resumes it.</param>
    public Task SignalAsync(string name) => ProcessSignal.SendAsync(name, _process.Id);

    /// <summary><c>kill -9</c>.</summary>
    public async Task KillAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (!_process.HasExited)
            await KillAsync();
        _process.Dispose();
        _secrets.ShouldHaveFoundNothing();
        // The log may hold the upstream's address, which is the operator's own setting; never the key.
        foreach (var key in _keys)
            Output.ShouldNotContain(key, Case.Insensitive);
    }

    /// <summary>A setting that occurs twice has its last value.</summary>
    private static Dictionary<string, string> Last(IEnumerable<(string Name, string Value)> environment) =>
        environment.GroupBy(setting => setting.Name, StringComparer.Ordinal).ToDictionary(same => same.Key, same => same.Last().Value);

    private static IEnumerable<string> Keys(IReadOnlyDictionary<string, string> environment)
    {
        if (environment.TryGetValue("Leonardo__ApiKey", out var key))
            yield return key;
        if (environment.TryGetValue("Leonardo__ApiKeyFile", out var file) && File.Exists(file))
            yield return File.ReadAllText(file).Trim();
    }

    private static (Process Process, StringBuilder Output) Launch(
        IReadOnlyList<string> command,
        string folder,
        IReadOnlyList<(string Name, string Value)> environment
    )
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1))
        {
            UseShellExecute = false,
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // The settings of this machine must not reach the gateway under test.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("ASPNETCORE_", StringComparison.Ordinal)).ToArray())
            start.Environment.Remove(name);
        start.Environment.Remove("DOTNET_ENVIRONMENT");
        start.Environment.Remove("LEONARDO_API_KEY");
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        var process = Process.Start(start)!;
        var output = new StringBuilder();
        void Append(object _, DataReceivedEventArgs line)
        {
            lock (output)
                output.AppendLine(line.Data);
        }
        process.OutputDataReceived += Append;
        process.ErrorDataReceived += Append;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return (process, output);
    }
}
