using Gateway.Edge.Http;

namespace Gateway.Tenants.Identification;

/// <summary>The tenant that a request acts for.</summary>
/// <param name="IdentifiedBy">The <see cref="IdentificationMethod.Name"/> of the way that identified it.</param>
/// <remarks>
/// A handler with such a parameter runs only for identified callers: the identification middleware answers all others
/// with 401.
/// </remarks>
internal sealed record Caller(Tenant Tenant, string IdentifiedBy)
{
    /// <summary>The person that <see cref="UserLabel.Header"/> names; null: none is named there.</summary>
    public string? Label { get; init; }

    /// <summary>The subject of its JWT, if that is a valid label.</summary>
    public string? Subject { get; init; }

    /// <summary>The person for usage reports; null: not known.</summary>
    public string? User => Label ?? Subject;

    /// <summary>Binds the parameter of a minimal-API handler.</summary>
    public static ValueTask<Caller?> BindAsync(HttpContext context) => ValueTask.FromResult(context.Features.Get<Caller>());
}
