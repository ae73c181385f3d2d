using System.Diagnostics;

namespace Gateway.Edge.Http;

/// <summary>Spans of the gateway's own steps. Without a listener they cost next to nothing.</summary>
internal static class Tracing
{
    public const string Name = "Gateway";

    private static readonly ActivitySource Source = new(Name);

    /// <summary>A step of the current request, until disposed. Must hold nothing that a caller sent.</summary>
    public static Activity? Step(string name) => Source.StartActivity(name);

    /// <summary>
    /// The current request as a traceparent, to be stored with what it created; null if it is not recorded.
    /// </summary>
    public static string? Current => Source.HasListeners() && Activity.Current is { Recorded: true } request ? request.Id : null;

    /// <summary>A separate trace for work long after a request, linked to it.</summary>
    /// <param name="origin">The value of <see cref="Current"/> during the request.</param>
    public static Activity? Later(string name, string? origin) =>
        ActivityContext.TryParse(origin, null, isRemote: true, out var request)
            ? Source.StartActivity(name, ActivityKind.Internal, parentContext: default, links: [new ActivityLink(request)])
            : null;
}
