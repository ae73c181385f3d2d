using System.Collections.Immutable;
using Gateway.Tenants.Identification.Jwt;

namespace Gateway.Tenants.Identification;

/// <summary>
/// Every way to identify a tenant, in the order in which they are tried; the first refusal is the answer.
/// </summary>
internal static class IdentificationMethods
{
    public static ImmutableArray<IdentificationMethod> All { get; } =
    [
        new HeaderIdentification(),
        new TokenIdentification(),
        new JwtIdentification(),
        new SessionIdentification(),
        new CertificateIdentification(),
        new NetworkIdentification(),
    ];
}
