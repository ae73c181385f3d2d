using System.Diagnostics;

namespace Gateway.Edge.Http;

/// <summary>The spans of the gateway's own steps. Where nobody listens they cost a look at a list.</summary>
internal static class Tracing
{
    public const string Name = "Gateway";

    private static readonly ActivitySource Source = new(Name);

    /// <summary>A step of the request under way, until disposed of. Nothing of the caller's goes into it.</summary>
    public static Activity? Step(string name) => Source.StartActivity(name);

    /// <summary>The request under way as a traceparent, to be kept with what it made; null where nobody records it.</summary>
    public static string? Current => Source.HasListeners() && Activity.Current is { Recorded: true } request ? request.Id : null;

    /// <summary>A trace of its own for what happens long after a request, and linked to it.</summary>
    /// <param name="origin">What <see cref="Current"/> was then.</param>
    public static Activity? Later(string name, string? origin) =>
        ActivityContext.TryParse(origin, null, isRemote: true, out var request)
            ? Source.StartActivity(name, ActivityKind.Internal, parentContext: default, links: [new ActivityLink(request)])
            : null;
}
