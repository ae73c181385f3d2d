namespace Gateway.Edge;

/// <summary>New files that no other user of the machine can read (T-K15).</summary>
internal static class OwnerOnlyFile
{
    /// <exception cref="IOException">The file exists, or cannot be created.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder cannot be written to.</exception>
    public static FileStream Create(string path, FileAccess access = FileAccess.Write, FileOptions options = FileOptions.None)
    {
        var how = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = access,
            Share = FileShare.None,
            Options = options,
            BufferSize = 0,
        };
        if (!OperatingSystem.IsWindows())
            how.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return new FileStream(path, how);
    }
}
