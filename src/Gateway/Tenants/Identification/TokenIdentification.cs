using System.Security.Cryptography;
using System.Text;
using Gateway.Edge.Http;

namespace Gateway.Tenants.Identification;

/// <summary>A bearer token that the operator issued; the tenants file holds its SHA-256.</summary>
internal sealed class TokenIdentification : IdentificationMethod<string>
{
    public override string Name => "token";

    public override string Member => "tokens";

    public override Evidence Evidence => Evidence.Credential;

    public override void ReadClaims(JsonValidator member, Tenant tenant, ClaimTable<string> claims)
    {
        foreach (var item in member.Items() ?? [])
        {
            if (Sha256Digest.Read(item, "dotnet Gateway.dll new-token prints it") is { } digest)
                claims.Add(digest, tenant, item);
        }
    }

    public override object CreateIndex(IReadOnlyDictionary<string, Caller> claims) =>
        claims.Select(claim => new Entry(Convert.FromHexString(claim.Key), claim.Value)).ToArray();

    /// <summary>
    /// Compares with every digest, each in fixed time, so that the duration discloses nothing about the file.
    /// </summary>
    public static Caller? FindToken(TenantSnapshot snapshot, string token)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.ASCII.GetBytes(token), digest);
        return FindDigest(snapshot, digest);
    }

    /// <summary>By the SHA-256 of the token.</summary>
    public static Caller? FindDigest(TenantSnapshot snapshot, ReadOnlySpan<byte> digest)
    {
        Caller? found = null;
        foreach (var entry in (Entry[])snapshot.IndexOf(typeof(TokenIdentification)))
        {
            if (CryptographicOperations.FixedTimeEquals(entry.Digest, digest))
                found = entry.Caller;
        }
        return found;
    }

    public override ValueTask<IdentificationResult> IdentifyAsync(IdentificationRequest request) => new(Identify(request));

    private static IdentificationResult Identify(IdentificationRequest request)
    {
        var bearer = BearerToken.Read(request.Headers);
        if (bearer.Text is null)
            return bearer.Refusal;
        if (FindToken(request.Snapshot, bearer.Text) is { } caller)
            return caller;
        return bearer.LooksLikeJwt
            ? IdentificationResult.NotPresented
            : IdentificationResult.InvalidToken(
                "The bearer token is unknown: mistyped, or revoked. Check it, or ask the operator to add its digest to identify.tokens in the tenants file."
            );
    }

    private sealed record Entry(byte[] Digest, Caller Caller);
}
