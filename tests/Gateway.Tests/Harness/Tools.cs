namespace Gateway.Tests.Harness;

/// <summary>What a test wants beside .NET and a developer may lack. In CI it is there, or that is the failure.</summary>
internal static class Tools
{
    public static void Need(params IEnumerable<string> programs)
    {
        foreach (var program in programs.Where(program => !IsInstalled(program)))
            Lack($"{program} is not installed.");
    }

    public static void NeedPostgreSql()
    {
        if (!PostgreSqlServer.IsInstalled)
            Lack("PostgreSQL is not installed.");
    }

    /// <summary>Skips; in CI, fails.</summary>
    public static void Lack(string reason)
    {
        Assert.SkipWhen(string.IsNullOrEmpty(Environment.GetEnvironmentVariable("CI")), reason);
        Assert.Fail(reason);
    }

    private static bool IsInstalled(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator)
            .Any(folder => File.Exists(Path.Combine(folder, program)));
}
