namespace Gateway.Tenants.Identification;

/// <summary>
/// What a way of identification relies on. If several ways identify the caller, the strongest evidence decides.
/// </summary>
internal enum Evidence
{
    /// <summary>Something only the caller holds. Two credentials of different tenants are refused.</summary>
    Credential,

    /// <summary>A trusted proxy names the tenant.</summary>
    ProxyStatement,

    /// <summary>Where the request comes from. Evaluated only if nothing else was presented.</summary>
    Location,
}
