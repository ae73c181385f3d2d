namespace Gateway.Tenants.Identification;

/// <summary>The tenant a request acts for, and how that was established: <c>network</c>, <c>header</c>, <c>token</c>, <c>jwt</c> or <c>certificate</c>.</summary>
/// <remarks>A handler that takes one as a parameter cannot be reached without it: the identification middleware has answered 401 before.</remarks>
internal sealed record Caller(Tenant Tenant, string IdentifiedBy)
{
    public const string ByNetwork = "network";
    public const string ByHeader = "header";
    public const string ByToken = "token";
    public const string ByJwt = "jwt";
    public const string ByCertificate = "certificate";

    /// <summary>Binds the parameter of a minimal-API handler.</summary>
    public static ValueTask<Caller?> BindAsync(HttpContext context) => ValueTask.FromResult(context.Features.Get<Caller>());
}
