namespace Gateway.Tests.Harness;

/// <summary>
/// Programs besides .NET that a test needs. Where one is missing, the test is skipped; in CI it fails.
/// </summary>
internal static class Tools
{
    public static void Need(params IEnumerable<string> programs)
    {
        foreach (var program in programs.Where(program => InstalledPrograms.Find(program) is null))
            ReportMissing($"{program} is not installed.");
    }

    public static void NeedPostgreSql()
    {
        if (!PostgreSqlServer.IsInstalled)
            ReportMissing("PostgreSQL is not installed.");
    }

    /// <summary>For limits that only Linux lets a shell set.</summary>
    public static void NeedLinux()
    {
        if (!OperatingSystem.IsLinux())
            ReportMissing("This machine does not run Linux.");
    }

    public static void ReportMissing(string reason)
    {
        Assert.SkipWhen(string.IsNullOrEmpty(Environment.GetEnvironmentVariable("CI")), reason);
        Assert.Fail(reason);
    }
}
