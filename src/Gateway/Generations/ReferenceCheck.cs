using Gateway.Edge;
using Gateway.Edge.Problems;
using Gateway.Leonardo;
using Gateway.Results;
using Gateway.Tenants;

namespace Gateway.Generations;

/// <summary>Whether a tenant may use the reference images it names. All tenants share the upstream's account, so the upstream cannot tell.</summary>
internal sealed class ReferenceCheck(GenerationRepository register)
{
    /// <param name="named">As they were read; those that are malformed are told of elsewhere, and passed over here.</param>
    /// <returns>A violation for each that is not the tenant's, alike whether it exists or not.</returns>
    public async Task<IReadOnlyList<Violation>> CheckAsync(
        Tenant tenant,
        IReadOnlyList<ImageReference>? named,
        int most,
        CancellationToken cancellationToken
    )
    {
        if (named is null || named.Count == 0 || named.Count > most)
            return [];
        var references = named
            .Index()
            .Where(entry =>
                entry.Item?.Image is { Type: ReferenceType.Generated or ReferenceType.Uploaded } image
                && Uuid.Canonicalize(image.Id) is not null
            )
            .Select(entry => (entry.Index, Type: entry.Item.Image!.Type!, Id: Uuid.Canonicalize(entry.Item.Image.Id)!))
            .ToList();
        if (references.Count == 0)
            return [];

        string[] ids = [.. references.Select(reference => reference.Id).Distinct(StringComparer.Ordinal)];
        // Ids from outside the gateway, where the policy has them: all but those that the gateway knows to be another's.
        var foreign = tenant.Policy.AnyReferences ? await register.FindForeignReferencesAsync(tenant.Id, ids, cancellationToken) : null;
        var usable = foreign is null ? await register.FindUsableReferencesAsync(tenant.Id, ids, cancellationToken) : null;
        return
        [
            .. references
                .Where(reference => foreign?.Contains(reference.Id) ?? !usable!.Contains((reference.Type, reference.Id)))
                .Select(reference => new Violation(
                    FormattableString.Invariant($"#/parameters/guidances/image_reference/{reference.Index}/image/id"),
                    "unknown-reference",
                    "is not a finished image (GENERATED) or a completed upload (UPLOADED) of this tenant"
                )),
        ];
    }
}
