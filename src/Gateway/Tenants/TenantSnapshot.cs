using System.Collections.Frozen;
using Gateway.Tenants.Identification;

namespace Gateway.Tenants;

/// <summary>
/// A valid tenants file, with the look-ups that identification needs. Immutable: a reload creates a new one.
/// </summary>
internal sealed class TenantSnapshot
{
    /// <summary>The file's text in UTF-8.</summary>
    public required ReadOnlyMemory<byte> Source { get; init; }

    public required QuotaLimits Organization { get; init; }

    public required FrozenDictionary<string, Tenant> Tenants { get; init; }

    /// <summary>What each <see cref="IdentificationMethod"/> made of the claims it read, by its type.</summary>
    public required FrozenDictionary<Type, object> Indexes { private get; init; }

    /// <summary>For a fresh clone: one tenant, this machine, no limits.</summary>
    public static TenantSnapshot Development { get; } =
        TenantsFile
            .Read(
                """{ "tenants": [{ "id": "default", "name": "Default", "identify": { "networks": ["127.0.0.0/8", "::1/128"] } }] }"""u8.ToArray()
            )
            .Snapshot!;

    /// <summary>Of a tenant that has left the file meanwhile: those of a tenant that states none.</summary>
    public QuotaLimits LimitsOf(string tenant) => Tenants.TryGetValue(tenant, out var known) ? known.Quota : QuotaLimits.Unlimited;

    /// <param name="method">Type of an <see cref="IdentificationMethod"/> of the list.</param>
    public object IndexOf(Type method) => Indexes[method];
}
