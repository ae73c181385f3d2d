namespace Gateway.Edge;

/// <summary>
/// Every route for tenants is also served where Leonardo has it, so that code written for Leonardo works by changing
/// the
/// host.
/// </summary>
internal static class RoutePrefixes
{
    public static readonly IReadOnlyList<string> All = ["", "/api/rest"];
}
