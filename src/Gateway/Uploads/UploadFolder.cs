using Gateway.Edge;

namespace Gateway.Uploads;

/// <summary>The temporary files of uploads that are being received (T-K15).</summary>
internal sealed partial class UploadFolder(ILogger<UploadFolder> log) : IHostedService
{
    private const string Prefix = "gateway-upload-";

    private readonly string _path = Path.GetTempPath();

    /// <summary>A new file, which is deleted when it is closed.</summary>
    /// <returns>Null: the disk does not take it.</returns>
    public FileStream? TryCreate()
    {
        try
        {
            return OwnerOnlyFile.Create(
                Path.Combine(_path, $"{Prefix}{Guid.CreateVersion7():N}"),
                FileAccess.ReadWrite,
                FileOptions.Asynchronous | FileOptions.DeleteOnClose
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
        foreach (var file in new DirectoryInfo(_path).EnumerateFiles(Prefix + "*"))
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
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static partial class Log
    {
        [LoggerMessage(
            Level = LogLevel.Debug,
            Message = "The temporary file {File} stays: another gateway receives it, or it belongs to another user ({Fault})"
        )]
        public static partial void NotDeleted(ILogger log, string file, string fault);
    }
}
