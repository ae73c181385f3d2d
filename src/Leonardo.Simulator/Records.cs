using System.Text;

namespace Leonardo.Simulator;

/// <summary>
/// One request as the server saw it. Headers come in the server's order (well-known names first), every value on its own line;
/// requests to <c>/_sim</c> are not recorded, the trap excepted.
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

    /// <summary>The value of a header sent once; null if absent; values of a repeated one joined by a comma.</summary>
    public string? Header(string name)
    {
        var values = Headers
            .Where(header => header.Key.Equals(name, StringComparison.OrdinalIgnoreCase))
            .Select(header => header.Value)
            .ToList();
        return values.Count == 0 ? null : string.Join(", ", values);
    }
}

/// <summary>One charge, whatever was answered to the request that caused it.</summary>
/// <param name="Amount">Dollars.</param>
/// <param name="References">How many reference images.</param>
/// <param name="Status">PENDING, COMPLETE or FAILED when the invoice was read. A failed generation is charged too: no refund is documented.</param>
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
/// <param name="Creations">Generations made and charged.</param>
/// <param name="PeakRunning">Most generations that ran at once; never above the slots.</param>
/// <param name="PeakUnfinished">Most that ran or waited at once.</param>
/// <param name="TrapHits">Requests that followed a redirect they should not have followed.</param>
/// <param name="Polls">Reads by generation id.</param>
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
