using Gateway.Edge;
using Gateway.Edge.Problems;
using Serilog;

namespace Gateway.Tenants.Identification;

/// <summary>Middleware: establishes which tenant is calling, or refuses. Runs after routing, which knows the endpoint.</summary>
internal sealed class IdentificationMiddleware(
    RequestDelegate next,
    TenantDirectory directory,
    IdentificationOptions options,
    BearerIdentification bearer,
    IDiagnosticContext diagnostics,
    TimeProvider clock,
    ILogger<IdentificationMiddleware> log
)
{
    private readonly HeaderIdentification _header = new(options.Header, log);
    private readonly CertificateIdentification _certificate = new(clock, log);
    private readonly NetworkIdentification _network = new(options);

    public Task InvokeAsync(HttpContext context)
    {
        // Without an endpoint there is nothing to protect: a 404 follows.
        if (
            context.GetEndpoint() is not { } endpoint
            || endpoint.Metadata.GetMetadata<AllowAnonymousTenant>() is not null
            || context.Features.Get<AllowAnonymousTenant>() is not null
        )
            return next(context);
        var verdict = Identify(context);
        return verdict.IsCompletedSuccessfully ? Act(context, verdict.Result) : ActLater(context, verdict);
    }

    private async Task ActLater(HttpContext context, ValueTask<IdentificationResult> verdict) => await Act(context, await verdict);

    private Task Act(HttpContext context, IdentificationResult verdict)
    {
        if (verdict.Caller is not { } caller)
            return verdict.Refusal is { } refusal ? refusal.ExecuteAsync(context) : next(context);
        context.Features.Set(caller);
        diagnostics.Set("Tenant", caller.Tenant.Id);
        diagnostics.Set("IdentifiedBy", caller.IdentifiedBy);
        return directory.IsSuspended(caller.Tenant.Id)
            ? new Problem(ProblemTypes.Suspended, "An operator has suspended this tenant.").ExecuteAsync(context)
            : next(context);
    }

    private async ValueTask<IdentificationResult> Identify(HttpContext context)
    {
        var tenancy = directory.Current;
        var peer = Peer.Of(context, options.TrustedProxies);

        // A tenant header that must not be there, or is malformed, is refused whatever else the request presents.
        var header = _header.Identify(context, peer, tenancy);
        if (header.Refusal is not null)
            return header;

        // A presented credential decides alone: if it is bad, nothing else is tried.
        var token = await bearer.Identify(context, tenancy);
        if (token.Refusal is not null)
            return token;
        var certificate = _certificate.Identify(context, peer, tenancy);
        if (certificate.Refusal is not null)
            return certificate;
        if (token.Caller is not null && certificate.Caller is not null && token.Caller.Tenant != certificate.Caller.Tenant)
            return IdentificationResult.Unidentified(
                "The bearer token and the client certificate belong to different tenants. Present one of them."
            );

        if (token.IsPresented)
            return token;
        if (certificate.IsPresented)
            return certificate;
        if (header.IsPresented)
            return header;
        var network = _network.Identify(context, peer, tenancy);
        // Nothing was presented, from nowhere that is known: where the address itself is the right, that will do.
        return
            network.Refusal?.Type == ProblemTypes.Unidentified && context.GetEndpoint()?.Metadata.GetMetadata<OptionalTenant>() is not null
            ? IdentificationResult.NotPresented
            : network;
    }
}
