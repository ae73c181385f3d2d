using System.Diagnostics;

namespace Gateway.Edge;

/// <summary>The spans of the gateway's own steps. Where nobody listens they cost a look at a list.</summary>
internal static class Traces
{
    public const string Name = "Gateway";

    private static readonly ActivitySource Source = new(Name);

    /// <summary>A step of the request under way, until disposed of. Nothing of the caller's goes into it.</summary>
    public static Activity? Step(string name) => Source.StartActivity(name);
}
