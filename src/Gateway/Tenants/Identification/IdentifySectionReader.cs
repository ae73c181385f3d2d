using System.Collections.Frozen;
using Gateway.Edge.Http;

namespace Gateway.Tenants.Identification;

/// <summary>
/// Reads the <c>identify</c> sections of one tenants file; each way of identification reads its own member.
/// </summary>
internal sealed class IdentifySectionReader
{
    private static readonly string[] Members = [.. IdentificationMethods.All.Select(method => method.Member).OfType<string>()];

    private readonly Dictionary<IdentificationMethod, ClaimTable> _tables = IdentificationMethods
        .All.Select(method => (method, Table: method.CreateClaimTable()))
        .Where(entry => entry.Table is not null)
        .ToDictionary(entry => entry.method, entry => entry.Table!);

    public void Read(JsonValidator section, Tenant tenant)
    {
        if (section.Members(Members) is not { } members)
            return;
        foreach (var (method, table) in _tables)
        {
            if (members.TryGetValue(method.Member!, out var member))
                table.Read(member, tenant);
        }
    }

    public FrozenDictionary<Type, object> ToIndexes() =>
        _tables.ToFrozenDictionary(entry => entry.Key.GetType(), entry => entry.Value.ToIndex());
}
