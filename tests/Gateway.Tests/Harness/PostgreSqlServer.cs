using System.Diagnostics;
using System.Globalization;
using Gateway.Tests.Harness.Sockets;
using Npgsql;

namespace Gateway.Tests.Harness;

/// <summary>
/// A PostgreSQL server for these tests, in memory where there is /dev/shm: one for the whole run, or one for a test
/// that stops it.
/// </summary>
internal sealed class PostgreSqlServer : IAsyncDisposable
{
    private static readonly Lazy<Task<PostgreSqlServer>> Shared = new(() => StartAsync());
    private static int _databases;

    private readonly string _folder;
    private readonly int _port;
    private Process? _process;

    private PostgreSqlServer(string folder, int port) => (_folder, _port) = (folder, port);

    public static bool IsInstalled => Binaries is not null;

    /// <summary>Debian keeps the programs of the server out of <c>PATH</c>.</summary>
    private static string? Binaries { get; } = Path.GetDirectoryName(InstalledPrograms.Find("initdb", "/usr/lib/postgresql/*/bin"));

    public static Task<PostgreSqlServer> SharedAsync() => Shared.Value;

    /// <param name="durable">Whether commits are flushed to disk: slower, and of use only to benchmarks.</param>
    public static async Task<PostgreSqlServer> StartAsync(bool durable = false)
    {
        var parent = Directory.Exists("/dev/shm") && !durable ? "/dev/shm" : Path.GetTempPath();
        var folder = Directory.CreateDirectory(Path.Combine(parent, "gateway-postgresql-" + Guid.NewGuid().ToString("N")[..8])).FullName;
        if (Environment.IsPrivilegedProcess)
            await RunAsync("chown", "nobody", folder);
        await RunAsync([
            .. AsNobody(),
            Path.Combine(Binaries!, "initdb"),
            "-D",
            folder + "/data",
            "-A",
            "trust",
            "-U",
            "gateway",
            "-E",
            "UTF8",
            "--no-locale",
            "--no-sync",
        ]);
        await File.AppendAllTextAsync(
            folder + "/data/postgresql.conf",
            $"\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\nmax_connections = 200\ndynamic_shared_memory_type = mmap\nfsync = {(durable ? "on" : "off")}\nlog_min_messages = panic\n"
        );
        var server = new PostgreSqlServer(folder, Ports.Free());
        AppDomain.CurrentDomain.ProcessExit += (_, _) => server.Remove();
        await server.RunAsync();
        return server;
    }

    /// <summary>An empty database.</summary>
    public async Task<string> CreateDatabaseAsync()
    {
        var name = $"gateway_{Interlocked.Increment(ref _databases)}";
        await ExecuteAsync("postgres", $"create database {name}");
        return ConnectionString(name);
    }

    public async Task ExecuteAsync(string database, string sql)
    {
        await using var connection = new NpgsqlConnection(ConnectionString(database) + ";Pooling=false");
        await connection.OpenAsync();
#pragma warning disable CA2100 // the text is a constant of a test
        await using var command = new NpgsqlCommand(sql, connection);
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Starts it, or starts it again.</summary>
    public async Task RunAsync()
    {
        // In its own session, so that it can be stopped as a whole. The shell kills it if the test run is killed.
        _process = Process.Start("setsid", [.. AsNobody(), Path.Combine(Binaries!, "postgres"), "-D", _folder + "/data", "-p", $"{_port}"]);
        Process
            .Start(
                "sh",
                [
                    "-c",
                    $"while kill -0 {Environment.ProcessId} 2>/dev/null && kill -0 {_process.Id} 2>/dev/null; do sleep 1; done; kill -0 {Environment.ProcessId} 2>/dev/null || kill -9 {_process.Id} 2>/dev/null",
                ]
            )
            .Dispose();
        var deadline = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                await ExecuteAsync("postgres", "select 1");
                return;
            }
            catch (NpgsqlException) when (deadline.Elapsed < TimeSpan.FromSeconds(20))
            {
                await Task.Delay(20);
            }
        }
    }

    /// <summary>With SIGKILL.</summary>
    public async Task KillAsync()
    {
        await SignalAsync("KILL");
        await _process!.WaitForExitAsync();
        // Its children end a moment later, and until then a new server does not start.
        NpgsqlConnection.ClearAllPools();
    }

    /// <summary>Connections stay open, and no statement is answered.</summary>
    public Task PauseAsync() => SignalAsync("STOP");

    public Task ContinueAsync() => SignalAsync("CONT");

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>To the server and to each of its children, which have their own sessions.</summary>
    private async Task SignalAsync(string signal)
    {
        var children = await File.ReadAllTextAsync($"/proc/{_process!.Id}/task/{_process.Id}/children");
        var ids = children.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(id => int.Parse(id, CultureInfo.InvariantCulture));
        await ProcessSignal.SendAsync(signal, [_process.Id, .. ids]);
    }

    private string ConnectionString(string database) => $"Host=127.0.0.1;Port={_port};Username=gateway;Database={database}";

    private void Remove()
    {
        if (_process is null or { HasExited: true })
            return;
        try
        {
            _process.Kill();
            _process.WaitForExit();
            Directory.Delete(_folder, recursive: true);
        }
        catch (IOException)
        {
            // A child of the server still writes; the folder stays in the temporary folder of the system.
        }
    }

    /// <summary>The server refuses to run as root.</summary>
    private static IEnumerable<string> AsNobody() =>
        Environment.IsPrivilegedProcess ? ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] : [];

    private static async Task RunAsync(params string[] command)
    {
        using var process = Process.Start(
            new ProcessStartInfo(command[0], command[1..])
            {
                RedirectStandardError = true,
                RedirectStandardOutput = true,
                UseShellExecute = false,
            }
        )!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{string.Join(' ', command)}: {await error}{await output}");
    }
}
