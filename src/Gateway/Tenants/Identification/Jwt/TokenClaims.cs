using System.Text.Json;
using Gateway.Edge.Http;

namespace Gateway.Tenants.Identification.Jwt;

/// <summary>Reads the payload of a valid JWT.</summary>
internal static class TokenClaims
{
    /// <summary>Where Microsoft Entra ID says which claims it left out of a token.</summary>
    private const string Distributed = "_claim_names";

    private const string HasGroups = "hasgroups";

    /// <summary>The year 9999.</summary>
    private const double MaxSeconds = 253_370_764_800;

    /// <param name="name">A name, or a dotted path such as <c>realm_access.roles</c>.</param>
    /// <returns>The values that the claim has: a text, each word of a text with spaces (<c>scp</c>), a number as it is
    /// written, each text and number of a list. A text with an unpaired surrogate is none.</returns>
    public static IEnumerable<string> FindValues(JsonElement claims, string name) => Find(claims, name) is { } claim ? Values(claim) : [];

    /// <returns>Null: there is none, or it is no valid label.</returns>
    public static string? FindSubject(JsonElement claims) => FindMember(claims, "sub") is { } subject ? UserLabel.Find(subject) : null;

    /// <returns>The text of a claim, without what cannot be shown in a line; null: there is none.</returns>
    public static string? FindText(JsonElement claims, string name) =>
        FindMember(claims, name) is { } claim
        && GetText(claim) is { } text
        && string.Concat(text.Where(c => !char.IsControl(c) && !char.IsSurrogate(c))) is { Length: > 0 } shown
            ? shown
            : null;

    /// <returns>When the token expires (RFC 7519, 4.1.4); null: it does not say.</returns>
    public static DateTimeOffset? GetExpiry(JsonElement claims) =>
        FindMember(claims, "exp") is { ValueKind: JsonValueKind.Number } expiry && expiry.TryGetDouble(out var seconds)
            ? DateTimeOffset.UnixEpoch.AddSeconds(Math.Clamp(seconds, 0, MaxSeconds))
            : null;

    /// <returns>What the issuer says that it left out of the token, for people; null: nothing.</returns>
    public static string? FindLeftOut(JsonElement claims)
    {
        if (FindMember(claims, Distributed) is { ValueKind: JsonValueKind.Object } names && names.EnumerateObject().Any())
            return $"some claims ({Distributed})";
        return FindMember(claims, HasGroups) is { ValueKind: JsonValueKind.True or JsonValueKind.String }
            ? $"the groups ({HasGroups})"
            : null;
    }

    /// <summary>A whole name first: names of claims may be addresses, which have dots.</summary>
    private static JsonElement? Find(JsonElement within, string path)
    {
        if (within.ValueKind != JsonValueKind.Object)
            return null;
        if (FindMember(within, path) is { } claim)
            return claim;
        for (var dot = path.IndexOf('.', StringComparison.Ordinal); dot >= 0; dot = path.IndexOf('.', dot + 1))
        {
            if (FindMember(within, path[..dot]) is { } part && Find(part, path[(dot + 1)..]) is { } found)
                return found;
        }
        return null;
    }

    private static IEnumerable<string> Values(JsonElement claim) =>
        claim.ValueKind switch
        {
            JsonValueKind.String => GetText(claim) is { } text ? WithWords(text) : [],
            JsonValueKind.Number => [claim.GetRawText()],
            JsonValueKind.Array => claim.EnumerateArray().SelectMany(Item),
            _ => [],
        };

    private static string[] WithWords(string text) =>
        text.Contains(' ', StringComparison.Ordinal) ? [text, .. text.Split(' ', StringSplitOptions.RemoveEmptyEntries)] : [text];

    private static string[] Item(JsonElement item) =>
        item.ValueKind switch
        {
            JsonValueKind.String => GetText(item) is { } text ? [text] : [],
            JsonValueKind.Number => [item.GetRawText()],
            _ => [],
        };

    /// <returns>Null: there is none, or a name that was compared with it holds an unpaired surrogate.</returns>
    private static JsonElement? FindMember(JsonElement within, string name)
    {
        try
        {
            return within.TryGetProperty(name, out var member) ? member : null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <returns>Null: it is no text, or holds an unpaired surrogate, which .NET refuses to read.</returns>
    private static string? GetText(JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
