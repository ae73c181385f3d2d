using System.Buffers;
using Gateway.Edge.Http;

namespace Gateway.Tenants.Identification;

/// <summary>A digest in the tenants file: <c>sha256:</c> and 64 hex digits.</summary>
internal static class Sha256Digest
{
    private const string Prefix = "sha256:";

    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdefABCDEF");

    /// <param name="source">For the error: which command prints such a digest.</param>
    /// <returns>64 lower-case hex digits. The error never repeats the value: it may be the secret itself, by
    /// mistake.</returns>
    public static string? Read(JsonValidator json, string source)
    {
        if (json.GetString() is not { } text)
            return null;
        if (text.StartsWith(Prefix, StringComparison.Ordinal) && text.Length == 71 && !text.AsSpan(7).ContainsAnyExcept(HexDigits))
            return text[Prefix.Length..].ToLowerInvariant();
        json.AddError("digest", $"must be sha256: and 64 hex digits, without colons between them; {source}");
        return null;
    }
}
