using System.Collections.Frozen;
using System.Security.Cryptography;
using Gateway.Edge.Http;
using Gateway.Tenants.Identification;

namespace Gateway.Tenants;

/// <summary>One claim of a JWT and the value it must have. Both compare exactly.</summary>
internal readonly record struct TokenClaim(string Name, string Value);

/// <summary>A tenants file that was found good, with the look-ups that identification needs. Never changes; a reload makes a new one.</summary>
internal sealed class TenantSnapshot
{
    public QuotaLimits Organization { get; init; } = QuotaLimits.Unlimited;

    public required FrozenDictionary<string, Tenant> Tenants { get; init; }

    public required NetworkTable<Caller> Networks { get; init; }

    /// <summary>By tenant id: those with <c>"header": true</c>.</summary>
    public FrozenDictionary<string, Caller> Headers { get; init; } = FrozenDictionary<string, Caller>.Empty;

    /// <summary>By SHA-256 of the token.</summary>
    public IReadOnlyList<(byte[] Digest, Caller Caller)> Tokens { get; init; } = [];

    public FrozenDictionary<TokenClaim, Caller> Claims { get; init; } = FrozenDictionary<TokenClaim, Caller>.Empty;

    /// <summary>By SHA-256 of the certificate in DER, 64 lower-case hex digits.</summary>
    public FrozenDictionary<string, Caller> Certificates { get; init; } = FrozenDictionary<string, Caller>.Empty;

    /// <summary>For a fresh clone: one tenant, this machine, no limits.</summary>
    public static TenantSnapshot Development { get; } =
        TenantsFile
            .Read(
                """{ "tenants": [{ "id": "default", "name": "Default", "identify": { "networks": ["127.0.0.0/8", "::1/128"] } }] }"""u8.ToArray()
            )
            .Tenancy!;

    /// <summary>Compares with every digest, each in fixed time, so that how long it takes tells nothing of what is in the file.</summary>
    public Caller? FindToken(ReadOnlySpan<byte> digest)
    {
        Caller? found = null;
        foreach (var (candidate, caller) in Tokens)
        {
            if (CryptographicOperations.FixedTimeEquals(candidate, digest))
                found = caller;
        }
        return found;
    }
}
