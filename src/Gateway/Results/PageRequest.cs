using System.Globalization;
using Gateway.Edge.Problems;

namespace Gateway.Results;

/// <summary>Which page of a list: <c>?limit=&amp;after=</c>.</summary>
/// <param name="After">The last entry of the previous page; null: it is the first page.</param>
internal sealed record PageRequest(int Size, PageCursor? After)
{
    public const int DefaultSize = 10;
    public const int MaxSize = 100;

    /// <param name="violations">Gets what is wrong with it.</param>
    public static PageRequest Read(string? limit, string? after, string tenant, ICollection<Violation> violations)
    {
        var size = DefaultSize;
        if (
            limit is not null
            && (!int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out size) || size is < 1 or > MaxSize)
        )
            violations.Add(new Violation("#/limit", "out-of-range", $"must be a whole number from 1 to {MaxSize}"));
        var cursor = after is null ? null : PageCursor.Read(after, tenant);
        if (after is not null && cursor is null)
            violations.Add(new Violation("#/after", "invalid-cursor", "must be the next of an earlier page of this tenant"));
        return new PageRequest(size, cursor);
    }
}
