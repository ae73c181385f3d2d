namespace Leonardo.Simulator;

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
