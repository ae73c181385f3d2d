namespace Gateway.Edge.Problems;

/// <summary>One kind of refusal: its name is the last part of <c>type</c>, and <c>/problems/NAME</c> is its page.</summary>
/// <param name="Name">Stable; clients branch on it.</param>
/// <param name="Status">HTTP status it is answered with, where the refusal does not set another.</param>
/// <param name="Title">Same words every time (RFC 9457, 3.1.4).</param>
/// <param name="Meaning">For the page: what happened, what it cost, and what to do.</param>
internal sealed record ProblemType(string Name, int Status, string Title, string Meaning)
{
    public string Uri { get; } = "/problems/" + Name;

    /// <summary>Statuses that some occurrences have instead.</summary>
    public IReadOnlyList<int> OtherStatuses { get; init; } = [];
}
