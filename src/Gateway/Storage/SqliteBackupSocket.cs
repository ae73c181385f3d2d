using System.Net.Sockets;
using System.Text;
using Gateway.Edge;

namespace Gateway.Storage;

/// <summary>
/// Makes backups for the command <c>backup</c> while the gateway runs: no other process may open its SQLite file.
/// Listens on a Unix domain socket beside that file, which only the gateway's own user may open.
/// </summary>
internal sealed partial class SqliteBackupSocket(SqliteDatabase database, TimeProvider time, ILogger<SqliteBackupSocket> log)
    : BackgroundService
{
    private const int MaxRequestBytes = 4096;
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(5);

    private bool _reported;

    public static string PathOf(string store) => store + ".sock";

    /// <summary>Asks the gateway that has this store open, if there is one.</summary>
    /// <param name="backup">Absolute.</param>
    /// <returns>The exit code and a sentence; null: no gateway listens.</returns>
    public static async Task<(int ExitCode, string Sentence)?> AskAsync(string store, string backup)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(PathOf(store)));
        }
        catch (Exception fault) when (fault is SocketException or ArgumentException)
        {
            return fault is SocketException { SocketErrorCode: SocketError.AccessDenied }
                ? (ExitCode.StoreUnavailable, $"{PathOf(store)} belongs to another user: run this as the user that runs the gateway.")
                : null;
        }
        await using var stream = new NetworkStream(socket);
        try
        {
            await stream.WriteAsync(Encoding.UTF8.GetBytes(backup + "\n"));
            using var reader = new StreamReader(stream, Encoding.UTF8);
            if (await reader.ReadToEndAsync() is [var digit and >= '0' and <= '3', ' ', .. var sentence])
                return (digit - '0', sentence);
        }
        catch (IOException)
        {
            // The gateway was killed.
        }
        return (ExitCode.StoreUnavailable, "The gateway stopped before the backup was complete. No file was written.");
    }

    protected override async Task ExecuteAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                // The process that holds the lock on the store owns the path. A socket that is there already was left
                // by one that was killed.
                await database.EnsureOpenAsync(cancellationToken);
                using var listener = Listen(PathOf(database.FilePath));
                while (true)
                {
                    using var client = await listener.AcceptAsync(cancellationToken);
                    await ServeAsync(client, cancellationToken);
                }
            }
            catch (Exception fault) when (fault is SocketException or ArgumentException or IOException or UnauthorizedAccessException)
            {
                if (!_reported)
                    Log.NotListening(log, PathOf(database.FilePath), fault.Message);
                _reported = true;
            }
            catch (StoreUnavailableException)
            {
                // The ledger reports it.
            }
            await Task.Delay(RetryInterval, time, cancellationToken);
        }
    }

    private static Socket Listen(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            File.Delete(path);
            socket.Bind(new UnixDomainSocketEndPoint(path));
            // Before Listen: until then every connection is refused.
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            socket.Listen();
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task ServeAsync(Socket client, CancellationToken cancellationToken)
    {
        await using var stream = new NetworkStream(client);
        try
        {
            var (code, sentence) = await ReadRequestAsync(stream, cancellationToken) is { } path
                ? await BackupAsync(path, stream, cancellationToken)
                : (ExitCode.Usage, "The request was not an absolute path.");
            await stream.WriteAsync(Encoding.UTF8.GetBytes($"{code} {sentence}"), cancellationToken);
        }
        catch (IOException)
        {
            // The command was interrupted.
        }
    }

    /// <returns>Null: no absolute path came in time.</returns>
    private async Task<string?> ReadRequestAsync(Stream stream, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(RequestTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        var buffer = new byte[MaxRequestBytes];
        var length = 0;
        try
        {
            while (length < buffer.Length && !buffer.AsSpan(0, length).EndsWith("\n"u8))
            {
                var read = await stream.ReadAsync(buffer.AsMemory(length), either.Token);
                if (read == 0)
                    return null;
                length += read;
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
        var path = Encoding.UTF8.GetString(buffer, 0, length).TrimEnd('\n');
        return Path.IsPathFullyQualified(path) ? path : null;
    }

    private async Task<(int ExitCode, string Sentence)> BackupAsync(string path, Stream client, CancellationToken cancellationToken)
    {
        using var interrupted = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var watching = CancelWhenClosedAsync(client, interrupted);
        var started = time.GetTimestamp();
        try
        {
            await database.BackupAsync(path, interrupted.Token);
            Log.BackedUp(log, path, time.GetElapsedTime(started).TotalMilliseconds);
            return (ExitCode.Good, $"backed up to {path}");
        }
        catch (IOException fault)
        {
            Log.Failed(log, path, fault.Message);
            return (ExitCode.Finding, fault.Message);
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            Log.Failed(log, path, fault.Message);
            return (ExitCode.StoreUnavailable, $"The gateway's store is unavailable: {fault.Message}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (ExitCode.Finding, "The command was interrupted.");
        }
        finally
        {
            await interrupted.CancelAsync();
            await watching;
        }
    }

    /// <summary>The command sends nothing more: a read ends only when it has gone.</summary>
    private static async Task CancelWhenClosedAsync(Stream client, CancellationTokenSource interrupted)
    {
        try
        {
            _ = await client.ReadAsync(new byte[1], interrupted.Token);
            await interrupted.CancelAsync();
        }
        catch (Exception ended) when (ended is IOException or OperationCanceledException)
        {
            if (ended is IOException)
                await interrupted.CancelAsync();
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            Level = LogLevel.Warning,
            Message = "The command `backup` cannot be used while the gateway runs, because {Socket:l} cannot be opened ({Fault:l}). Everything else works"
        )]
        public static partial void NotListening(ILogger log, string socket, string fault);

        [LoggerMessage(Level = LogLevel.Information, Message = "The store was backed up to {File:l} in {Milliseconds:0} ms")]
        public static partial void BackedUp(ILogger log, string file, double milliseconds);

        [LoggerMessage(Level = LogLevel.Warning, Message = "The backup to {File:l} failed and left no file: {Fault:l}")]
        public static partial void Failed(ILogger log, string file, string fault);
    }
}
