using System.Globalization;

/// <summary>
/// Loaded into each target by <c>DOTNET_STARTUP_HOOKS</c>: writes the bytes allocated so far to a file every 250 ms.
/// </summary>
internal static class StartupHook
{
    public const string File = "BENCHMARK_ALLOCATED";

    public static void Initialize()
    {
        if (Environment.GetEnvironmentVariable(File) is { } file)
            new Thread(() => WriteAllocations(file)) { IsBackground = true }.Start();
    }

    private static void WriteAllocations(string file)
    {
        while (true)
        {
            System.IO.File.WriteAllText(file + ".new", GC.GetTotalAllocatedBytes().ToString(CultureInfo.InvariantCulture));
            System.IO.File.Move(file + ".new", file, overwrite: true);
            Thread.Sleep(250);
        }
    }
}
