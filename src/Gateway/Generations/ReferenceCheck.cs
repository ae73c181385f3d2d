using Gateway.Edge;
using Gateway.Edge.Problems;
using Gateway.Leonardo;
using Gateway.Results;
using Gateway.Tenants;

namespace Gateway.Generations;

/// <summary>
/// Whether a tenant may use the reference images it names. All tenants share Leonardo's account, so Leonardo cannot
/// know.
/// </summary>
internal sealed class ReferenceCheck(GenerationRepository generations)
{
    /// <param name="references">
    /// As they were read; malformed ones are reported by the validator and skipped here.
    /// </param>
    /// <param name="max">A longer list is refused by the validator and not looked up.</param>
    /// <returns>One for each that is not the tenant's: the same whether it exists or not (T-B1).</returns>
    public async Task<IReadOnlyList<Violation>> FindViolationsAsync(
        Tenant tenant,
        IReadOnlyList<ImageReference>? references,
        int max,
        CancellationToken cancellationToken
    )
    {
        if (references is null || references.Count == 0 || references.Count > max)
            return [];
        var named = references
            .Index()
            .Where(entry =>
                entry.Item?.Image is { Type: ReferenceType.Generated or ReferenceType.Uploaded } image
                && Uuid.Canonicalize(image.Id) is not null
            )
            .Select(entry => (entry.Index, Type: entry.Item.Image!.Type!, Id: Uuid.Canonicalize(entry.Item.Image.Id)!))
            .ToList();
        if (named.Count == 0)
            return [];

        string[] ids = [.. named.Select(reference => reference.Id).Distinct(StringComparer.Ordinal)];
        // A policy of any references also allows ids from outside the gateway: all but those known to be another
        // tenant's.
        var foreign = tenant.Policy.AnyReferences ? await generations.FindForeignReferencesAsync(tenant.Id, ids, cancellationToken) : null;
        var usable = foreign is null ? await generations.FindUsableReferencesAsync(tenant.Id, ids, cancellationToken) : null;
        return
        [
            .. named
                .Where(reference => foreign?.Contains(reference.Id) ?? !usable!.Contains((reference.Type, reference.Id)))
                .Select(reference => new Violation(
                    FormattableString.Invariant($"#/parameters/guidances/image_reference/{reference.Index}/image/id"),
                    "unknown-reference",
                    "is not a finished image (GENERATED) or a completed upload (UPLOADED) of this tenant"
                )),
        ];
    }
}
