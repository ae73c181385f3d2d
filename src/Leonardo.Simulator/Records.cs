using System.Text;

namespace Leonardo.Simulator;

/// <summary>
/// A request as the server received it. Headers are in the server's order (well-known names first), with one entry per
/// value. Requests to <c>/_sim</c> are not recorded, except those to the trap.
/// </summary>
public sealed record ReceivedRequest(
    string Method,
    string Path,
    string QueryString,
    IReadOnlyList<KeyValuePair<string, string>> Headers,
    ReadOnlyMemory<byte> Body,
    DateTimeOffset At
)
{
    public string Text => Encoding.UTF8.GetString(Body.Span);

    /// <returns>The value; the values of a repeated header are joined by commas; null: no such header.</returns>
    public string? Header(string name)
    {
        var values = Headers
            .Where(header => header.Key.Equals(name, StringComparison.OrdinalIgnoreCase))
            .Select(header => header.Value)
            .ToList();
        return values.Count == 0 ? null : string.Join(", ", values);
    }
}

/// <summary>A charge, whatever reply the request got.</summary>
/// <param name="Amount">Dollars.</param>
/// <param name="References">The number of reference images.</param>
/// <param name="Status">
/// PENDING, COMPLETE or FAILED at the time of reading. A failed generation is charged too: no refund is documented.
/// </param>
public sealed record InvoiceLine(
    string GenerationId,
    decimal Amount,
    string Prompt,
    long Seed,
    int Width,
    int Height,
    int Quantity,
    int References,
    string Status,
    DateTimeOffset At
);

/// <param name="Posts">POSTs of generations that passed the key check.</param>
/// <param name="Creations">Generations created and charged.</param>
/// <param name="PeakRunning">The most generations that ran at once; never above the slots.</param>
/// <param name="PeakUnfinished">The most generations that ran or waited at once.</param>
/// <param name="TrapHits">Requests that wrongly followed a redirect.</param>
/// <param name="Polls">Number of reads by generation id.</param>
public sealed record SimulatorStats(
    long Requests,
    long Posts,
    long Creations,
    int PeakRunning,
    int PeakUnfinished,
    long TrapHits,
    decimal Balance,
    IReadOnlyDictionary<string, int> Polls
);
