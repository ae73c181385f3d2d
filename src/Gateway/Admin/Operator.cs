namespace Gateway.Admin;

/// <param name="Name">Name and fingerprint, as the audit trail shows them.</param>
/// <param name="Token">What this request presents; null: a session identifies the operator.</param>
internal sealed record Operator(string Name, AdminToken? Token)
{
    /// <summary>Binds the parameter of a minimal-API handler.</summary>
    public static ValueTask<Operator?> BindAsync(HttpContext context) => ValueTask.FromResult(context.Features.Get<Operator>());
}
