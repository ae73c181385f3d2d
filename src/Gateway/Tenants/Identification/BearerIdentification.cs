using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using Gateway.Edge;

namespace Gateway.Tenants.Identification;

/// <summary><c>authorization: Bearer</c>: a token that the gateway's operator made, or a JWT of the organisation's issuer.</summary>
internal sealed class BearerIdentification(JwtIdentification? jwt)
{
    /// <summary>A JWT with a few hundred groups has about 10 KB.</summary>
    public const int LongestToken = 12 * 1024;

    private const string Scheme = "Bearer ";

    // RFC 6750, 2.1: b64token.
    private static readonly SearchValues<char> TokenCharacters = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/="
    );

    public ValueTask<IdentificationResult> Identify(HttpContext context, TenantSnapshot tenancy)
    {
        var values = context.Request.Headers.Authorization;
        if (values.Count == 0)
            return ValueTask.FromResult(IdentificationResult.NotPresented);
        if (values is not [{ } value])
            return ValueTask.FromResult(IdentificationResult.InvalidToken("The authorization header is there twice."));
        // A Leonardo key, left over from code written for the upstream, with or without the scheme: no credential of ours.
        if (Uuid.Is(value.Trim(' ')))
            return ValueTask.FromResult(IdentificationResult.NotPresented);
        if (!value.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
            return ValueTask.FromResult(
                IdentificationResult.InvalidToken(
                    "The authorization header must be a Bearer token; leave it out to be known by the network."
                )
            );

        var token = value[Scheme.Length..].Trim(' ');
        if (Uuid.Is(token))
            return ValueTask.FromResult(IdentificationResult.NotPresented);
        if (token.Length is 0 or > LongestToken || token.AsSpan().ContainsAnyExcept(TokenCharacters))
            return ValueTask.FromResult(
                IdentificationResult.InvalidToken("The bearer token is empty, too long, or has characters that no token has.")
            );

        if (FindToken(token, tenancy) is { } caller)
            return ValueTask.FromResult<IdentificationResult>(caller);
        if (token.Count(c => c == '.') != 2)
            return ValueTask.FromResult(
                IdentificationResult.InvalidToken(
                    "The bearer token is not one of this gateway: mistyped, or revoked. An operator would add its digest to identify.tokens in the tenants file."
                )
            );
        return jwt is null
            ? ValueTask.FromResult(
                IdentificationResult.InvalidToken(
                    "The bearer token looks like a JWT, but no issuer is set up. An operator would set Identification:Oidc."
                )
            )
            : jwt.Identify(token, tenancy, context.RequestAborted);
    }

    private static Caller? FindToken(string token, TenantSnapshot tenancy)
    {
        var bytes = Encoding.ASCII.GetBytes(token);
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes, digest);
        return tenancy.FindToken(digest);
    }
}
