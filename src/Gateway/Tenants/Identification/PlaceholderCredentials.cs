namespace Gateway.Tenants.Identification;

/// <summary>
/// Marks the routes of protocols whose clients always send a credential, and a placeholder where they have none. It
/// counts as none there; every other bad credential is refused.
/// </summary>
internal sealed class PlaceholderCredentials
{
    /// <summary>The server has trimmed the first one, which has a space behind it.</summary>
    private static readonly string[] Values = ["Bearer", "Bearer none", "Bearer unused", "Bearer sk-none"];

    private const int SchemeLength = 6;

    /// <summary>Removes <c>authorization</c> if it is a placeholder.</summary>
    public static void Remove(IHeaderDictionary headers)
    {
        if (headers.Authorization is [{ } value] && Values.Any(placeholder => IsEqual(value, placeholder)))
            headers.Authorization = default;
    }

    /// <summary>The scheme in any case, as in RFC 9110, 11.1.</summary>
    private static bool IsEqual(string value, string placeholder) =>
        value.Length == placeholder.Length
        && value.StartsWith(placeholder[..SchemeLength], StringComparison.OrdinalIgnoreCase)
        && value.AsSpan(SchemeLength).SequenceEqual(placeholder.AsSpan(SchemeLength));
}
