namespace Gateway.Tenants.Identification;

/// <summary>The tenant that a request acts for.</summary>
/// <param name="IdentifiedBy">The <see cref="IdentificationMethod.Name"/> of the way that identified it.</param>
/// <remarks>
/// A handler with such a parameter runs only for identified callers: the identification middleware answers all others
/// with 401.
/// </remarks>
internal sealed record Caller(Tenant Tenant, string IdentifiedBy)
{
    /// <summary>Binds the parameter of a minimal-API handler.</summary>
    public static ValueTask<Caller?> BindAsync(HttpContext context) => ValueTask.FromResult(context.Features.Get<Caller>());
}
