using Gateway.Edge.Http;

namespace Gateway.Tenants.Identification;

/// <summary>What the tenants of one file claim for one way of identification.</summary>
internal abstract class ClaimTable
{
    public abstract void Read(JsonValidator member, Tenant tenant);

    public abstract object ToIndex();
}

internal sealed class ClaimTable<TClaim>(IdentificationMethod<TClaim> method) : ClaimTable
    where TClaim : notnull
{
    private readonly Dictionary<TClaim, string> _pointers = [];
    private readonly Dictionary<TClaim, Caller> _callers = [];

    public override void Read(JsonValidator member, Tenant tenant) => method.ReadClaims(member, tenant, this);

    public override object ToIndex() => method.CreateIndex(_callers);

    /// <summary>A claim that is already taken, by any tenant, is a violation.</summary>
    public void Add(TClaim claim, Tenant tenant, JsonValidator json)
    {
        if (_pointers.TryAdd(claim, json.Pointer))
            _callers.Add(claim, new Caller(tenant, method.Name));
        else
            json.AddError("claimed-twice", $"is already claimed: see {_pointers[claim]}");
    }
}
