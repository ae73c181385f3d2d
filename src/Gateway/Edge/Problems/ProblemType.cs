namespace Gateway.Edge.Problems;

/// <summary>One kind of refusal: its name is the last part of <c>type</c>; <c>/problems/NAME</c> explains it.</summary>
/// <param name="Name">Stable; clients branch on it.</param>
/// <param name="Status">HTTP status, unless the refusal sets another.</param>
/// <param name="Title">The same in every occurrence (RFC 9457, 3.1.4).</param>
/// <param name="Meaning">For <c>/problems/NAME</c>: what happened, what it cost, and what to do.</param>
internal sealed record ProblemType(string Name, int Status, string Title, string Meaning)
{
    public string Uri { get; } = "/problems/" + Name;

    /// <summary>Statuses of some occurrences, instead of <see cref="Status"/>.</summary>
    public IReadOnlyList<int> OtherStatuses { get; init; } = [];

    /// <summary>
    /// Whether a repetition with the same Idempotency-Key gets this answer again. Everything that was caused outside
    /// the request, and everything refused before admission, frees the key: the repetition is a new attempt.
    /// </summary>
    public bool KeepsIdempotencyKey { get; init; }
}
