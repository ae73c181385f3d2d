using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Gateway.Edge.Http;

/// <summary>
/// The media types that a caller accepts (RFC 9110, 12.5.1). A header that cannot be parsed counts as none.
/// </summary>
internal readonly struct AcceptHeader
{
    private readonly IList<MediaTypeHeaderValue> _ranges;

    private AcceptHeader(IList<MediaTypeHeaderValue> ranges) => _ranges = ranges;

    /// <summary>The type or range with the highest quality, the first of equals; null if the header is empty.</summary>
    public string? Favourite => _ranges.OrderByDescending(range => range.Quality ?? 1).FirstOrDefault()?.MediaType.Value;

    public static AcceptHeader From(StringValues header) => new(MediaTypeHeaderValue.TryParseList(header, out var ranges) ? ranges : []);

    /// <summary>Whether the type is listed by name, and not only within a range such as <c>*/*</c>.</summary>
    public bool Names(string mediaType) => _ranges.Any(range => range.MediaType.Equals(mediaType, StringComparison.OrdinalIgnoreCase));

    /// <summary>The highest quality with which the type or range is listed by name; 0 if it is not.</summary>
    public double QualityOf(string mediaType) =>
        _ranges
            .Where(range => range.MediaType.Equals(mediaType, StringComparison.OrdinalIgnoreCase))
            .Select(range => range.Quality ?? 1)
            .DefaultIfEmpty(0)
            .Max();

    /// <summary>
    /// Whether an answer of this type may be sent. The most specific range decides, so <c>*/*, application/json;q=0</c>
    /// excludes JSON.
    /// </summary>
    public bool Admits(string mediaType)
    {
        if (_ranges.Count == 0)
            return true;
        var type = new MediaTypeHeaderValue(mediaType);
        return _ranges
            .Where(range => type.IsSubsetOf(WithoutParameters(range)))
            .OrderBy(range =>
                range.MatchesAllTypes ? 0
                : range.MatchesAllSubTypes ? 1
                : 2
            )
            .LastOrDefault()
            is { Quality: not 0 };
    }

    /// <summary><c>application/json;charset=utf-8</c> does not exclude <c>application/json</c>.</summary>
    private static MediaTypeHeaderValue WithoutParameters(MediaTypeHeaderValue range) => new(range.MediaType);
}
