namespace Gateway.Edge;

/// <summary>What a UUID looks like (RFC 9562, section 4), of any version. <c>Guid.TryParseExact</c> also takes <c>+</c>, <c>0x</c> and white space in it.</summary>
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
}
