namespace Gateway.Edge;

/// <summary>
/// UUIDs of any version, in the form of RFC 9562, section 4. <c>Guid.TryParseExact</c> would also accept <c>+</c>,
/// <c>0x</c> and white space inside.
/// </summary>
internal static class Uuid
{
    public static bool Is(string text)
    {
        if (text.Length != 36)
            return false;
        for (var i = 0; i < text.Length; i++)
        {
            if (i is 8 or 13 or 18 or 23 ? text[i] != '-' : !char.IsAsciiHexDigit(text[i]))
                return false;
        }
        return true;
    }

    /// <returns>The UUID in lower case; null: the text is not a UUID.</returns>
    public static string? Canonicalize(string? text) => text is not null && Is(text) ? text.ToLowerInvariant() : null;
}
