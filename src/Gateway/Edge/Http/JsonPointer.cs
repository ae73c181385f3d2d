namespace Gateway.Edge.Http;

/// <summary>
/// Pointers into a JSON document (RFC 6901) as URI fragments, which can be printed whatever a member is called.
/// </summary>
internal static class JsonPointer
{
    public const string Root = "#";

    /// <summary>Characters of a name; a caller must not blow up an answer or a log line.</summary>
    private const int MaxNameLength = 64;

    /// <param name="name">Of a member; escaped by section 3, percent-encoded by section 6, cut if it is long.</param>
    public static string Append(string pointer, string name)
    {
        var shown = name.Length <= MaxNameLength ? name : name[..MaxNameLength] + "…";
        var escaped = shown.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);
        return $"{pointer}/{Uri.EscapeDataString(escaped)}";
    }

    public static string Append(string pointer, int index) => $"{pointer}/{index}";
}
