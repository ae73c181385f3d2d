using System.Buffers;
using Gateway.Edge;

namespace Gateway.Tenants.Identification;

/// <summary>The token of an <c>authorization: Bearer</c> header, which is the gateway's own or a JWT.</summary>
/// <param name="Text">Null: none was presented, or <paramref name="Refusal"/> says what is wrong with the
/// header.</param>
internal readonly record struct BearerToken(string? Text, IdentificationResult Refusal)
{
    /// <summary>Characters; a JWT with a few hundred groups has about 10 KB.</summary>
    public const int MaxLength = 12 * 1024;

    private const string Scheme = "Bearer ";

    // RFC 6750, 2.1: b64token.
    private static readonly SearchValues<char> TokenCharacters = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/="
    );

    /// <summary>Three parts (RFC 7519). A token of the gateway may look so too.</summary>
    public bool LooksLikeJwt => Text?.Count(c => c == '.') == 2;

    public static BearerToken Read(IHeaderDictionary headers)
    {
        var values = headers.Authorization;
        if (values.Count == 0)
            return default;
        if (values is not [{ } value])
            return Refuse("The request has two authorization headers. Send one.");
        // A Leonardo key, left over from code written for Leonardo, with or without the scheme: not a credential of the
        // gateway.
        if (Uuid.Is(value.Trim(' ')))
            return default;
        if (Find(value) is not { } token)
            return Refuse(
                "The authorization header is not a Bearer token. Send one, or leave the header out to be identified by the network."
            );
        if (Uuid.Is(token))
            return default;
        return token.Length is 0 or > MaxLength || token.AsSpan().ContainsAnyExcept(TokenCharacters)
            ? Refuse("The bearer token is empty, too long, or has characters that no token has. Send the token as it was issued.")
            : new BearerToken(token, default);
    }

    /// <summary>Any characters after the scheme, as tokens of operators and webhooks may have.</summary>
    /// <returns>Null: the header has another scheme.</returns>
    public static string? Find(string value) =>
        value.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? value[Scheme.Length..].Trim(' ') : null;

    private static BearerToken Refuse(string detail) => new(null, IdentificationResult.InvalidToken(detail));
}
