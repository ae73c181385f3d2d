namespace Gateway.Admin;

/// <param name="Name">Name and fingerprint of the token, as the audit trail shows them.</param>
internal sealed record Operator(string Name)
{
    /// <summary>Binds the parameter of a minimal-API handler.</summary>
    public static ValueTask<Operator?> BindAsync(HttpContext context) => ValueTask.FromResult(context.Features.Get<Operator>());
}
