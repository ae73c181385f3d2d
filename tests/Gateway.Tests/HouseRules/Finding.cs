namespace Gateway.Tests.HouseRules;

/// <summary>A place that breaks a house rule, and what to do about it.</summary>
internal sealed record Finding(string File, int Line, string Message)
{
    public override string ToString() => $"{File}:{Line}: {Message}";
}
