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
