using System.Collections.Immutable;

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
        new CertificateIdentification(),
        new NetworkIdentification(),
    ];
}
