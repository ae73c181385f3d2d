namespace Gateway.Edge;

/// <summary>New files that no other user of the machine can read (T-K15).</summary>
internal static class OwnerOnlyFile
{
    /// <param name="size">Taken on the disk at once; the file is still empty.</param>
    /// <exception cref="IOException">The file exists, cannot be created, or there is no room for it.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder cannot be written to.</exception>
    public static FileStream Create(
        string path,
        FileAccess access = FileAccess.Write,
        FileShare share = FileShare.None,
        FileOptions options = FileOptions.None,
        long size = 0
    )
    {
        var how = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = access,
            Share = share,
            Options = options,
            BufferSize = 0,
            PreallocationSize = size,
        };
        if (!OperatingSystem.IsWindows())
            how.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return new FileStream(path, how);
    }
}
