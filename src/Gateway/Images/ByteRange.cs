using Microsoft.AspNetCore.Http.Headers;
using Microsoft.Net.Http.Headers;

namespace Gateway.Images;

/// <summary>
/// The part of an image to send (RFC 9110, section 14). One range is served; for several ranges or another unit the
/// whole image is sent, as the RFC allows.
/// </summary>
/// <param name="Count">Null: to the end.</param>
internal sealed record ByteRange(long From, long? Count)
{
    public static readonly ByteRange Whole = new(0, null);

    public bool IsWhole => this == Whole;

    /// <summary>Whether one part is asked for, and not all of the image.</summary>
    public static bool IsAsked(RequestHeaders headers, EntityTagHeaderValue tag) =>
        headers.Range is { Unit: { Value: "bytes" }, Ranges: { Count: 1 } ranges }
        && ranges.First() is not { From: 0, To: null }
        && Applies(headers.IfRange, tag);

    /// <param name="length">Null: not known.</param>
    /// <returns>Null: the range lies outside the image (416).</returns>
    public static ByteRange? Read(RequestHeaders headers, EntityTagHeaderValue tag, long? length)
    {
        if (
            length is not { } total
            || headers.Range is not { } range
            || range.Unit != "bytes"
            || range.Ranges.Count != 1
            || !Applies(headers.IfRange, tag)
        )
            return Whole;
        var part = range.Ranges.First();
        if (part.From is { } from)
            return from < total ? new ByteRange(from, Math.Min(part.To ?? total - 1, total - 1) - from + 1) : null;
        var suffix = Math.Min(part.To ?? 0, total);
        return suffix > 0 ? new ByteRange(total - suffix, suffix) : null;
    }

    /// <summary>A date never matches, because no Last-Modified is sent.</summary>
    private static bool Applies(RangeConditionHeaderValue? condition, EntityTagHeaderValue tag) =>
        condition is null || (condition.EntityTag is { } wanted && wanted.Compare(tag, useStrongComparison: true));
}
