using System.Runtime.InteropServices;
using Serilog.Events;

namespace Gateway.Edge.Logging;

/// <summary>
/// What handlers found out about a request, for the one wide event that is logged of it. Never a prompt, a header's
/// value, or a key.
/// </summary>
internal sealed class RequestEvent
{
    private static readonly AsyncLocal<RequestEvent?> Ambient = new();

    /// <summary>Null outside a request: a job is sent without one.</summary>
    public static RequestEvent? Current => Ambient.Value;

    public string? Tenant { get; set; }

    public string? IdentifiedBy { get; set; }

    public string? Tool { get; set; }

    public int? Images { get; set; }

    public long? PriceMicros { get; set; }

    public Guid? ReservationId { get; set; }

    public double? UpstreamMilliseconds { get; set; }

    public int? UpstreamStatus { get; set; }

    public string? UnreachableBecause { get; set; }

    public string? UnknownBecause { get; set; }

    public string? Outcome { get; set; }

    public string? GenerationId { get; set; }

    public long? StatedMicros { get; set; }

    public long? CostMicros { get; set; }

    public static RequestEvent Begin() => Ambient.Value = new RequestEvent();
}

/// <summary>A request that has been answered.</summary>
/// <param name="Path">The route's pattern with the ids in it that are well formed.</param>
/// <param name="Problem">The name of its type; null: it was not refused.</param>
/// <param name="Exception">What nobody caught.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct CompletedRequest(
    DateTimeOffset At,
    LogEventLevel Level,
    string Method,
    string Route,
    string Path,
    int Status,
    double Milliseconds,
    string Id,
    string? Problem,
    Exception? Exception
);
