namespace Gateway.Edge;

/// <summary>What a command's exit code means, for scripts.</summary>
internal static class ExitCode
{
    public const int Good = 0;

    /// <summary>The command looked and found something wrong.</summary>
    public const int Finding = 1;

    public const int Usage = 2;

    public const int StoreUnavailable = 3;
}
