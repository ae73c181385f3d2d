using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace Gateway.Tests.Harness;

/// <summary>A folder that is deleted with everything in it.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    internal static readonly ConcurrentDictionary<string, string> Existing = new(StringComparer.Ordinal);

    /// <param name="inMemory">In /dev/shm where there is one: for files that are flushed often.</param>
    public TemporaryFolder(bool inMemory = false, [CallerFilePath] string file = "")
    {
        var parent = inMemory && Directory.Exists("/dev/shm") ? "/dev/shm" : System.IO.Path.GetTempPath();
        Path = Directory.CreateDirectory(System.IO.Path.Combine(parent, $"gateway-test-{Guid.NewGuid():N}")).FullName;
        Existing[Path] = System.IO.Path.GetFileName(file);
    }

    public string Path { get; }

    /// <summary>The path of a file in it.</summary>
    public string this[params string[] names] => System.IO.Path.Combine([Path, .. names]);

    public void Dispose()
    {
        if (Existing.TryRemove(Path, out _))
            Directory.Delete(Path, recursive: true);
    }
}
