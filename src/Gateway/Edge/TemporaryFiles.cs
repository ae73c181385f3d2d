namespace Gateway.Edge;

/// <summary>The temporary files of uploads that are received and of images that are relayed (T-K15).</summary>
internal sealed partial class TemporaryFiles(ILogger<TemporaryFiles> log) : IHostedService
{
    private const string Prefix = "gateway-temporary-";

    private readonly string _path = Path.GetTempPath();

    /// <summary>A new file, which is deleted when it is closed.</summary>
    /// <param name="size">Taken on the disk at once.</param>
    /// <returns>Null: the disk does not take it.</returns>
    public FileStream? TryCreate(long size = 0)
    {
        try
        {
            return OwnerOnlyFile.Create(
                Path.Combine(_path, $"{Prefix}{Guid.CreateVersion7():N}"),
                FileAccess.ReadWrite,
                options: FileOptions.Asynchronous | FileOptions.DeleteOnClose,
                size: size
            );
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Deletes what a killed gateway left. Files that another gateway has open are locked, and stay.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            foreach (var file in new DirectoryInfo(_path).EnumerateFiles(Prefix + "*"))
                TryDelete(file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Log.Unreadable(log, _path, exception.GetType().Name);
        }
        return Task.CompletedTask;
    }

    private void TryDelete(FileInfo file)
    {
        try
        {
            using (new FileStream(file.FullName, FileMode.Open, FileAccess.ReadWrite, FileShare.None))
                file.Delete();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Log.NotDeleted(log, file.Name, exception.GetType().Name);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static partial class Log
    {
        [LoggerMessage(
            Level = LogLevel.Debug,
            Message = "The temporary file {File} stays: another gateway receives it, or it belongs to another user ({Fault})"
        )]
        public static partial void NotDeleted(ILogger log, string file, string fault);

        [LoggerMessage(
            Level = LogLevel.Warning,
            Message = "The temporary folder {Folder:l} cannot be read ({Fault:l}), and uploads need it: they are answered 503. "
                + "Mount a folder there, or set TMPDIR"
        )]
        public static partial void Unreadable(ILogger log, string folder, string fault);
    }
}
