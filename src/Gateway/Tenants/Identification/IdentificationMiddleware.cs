using Gateway.Edge;
using Gateway.Edge.Addresses;
using Gateway.Edge.Http;
using Gateway.Edge.Logging;
using Gateway.Edge.Problems;
using Gateway.Edge.Rates;

namespace Gateway.Tenants.Identification;

/// <summary>
/// Middleware: identifies the calling tenant, or refuses. Runs after routing, because the endpoint says whether it is
/// needed.
/// </summary>
internal sealed class IdentificationMiddleware(
    RequestDelegate next,
    TenantDirectory directory,
    IdentificationOptions options,
    TrustedProxies trustedProxies,
    PublicUrl publicUrl,
    AnonymousRequests anonymous
)
{
    public Task InvokeAsync(HttpContext context)
    {
        // Without an endpoint there is nothing to protect: a 404 follows.
        if (
            context.GetEndpoint() is not { } endpoint
            || endpoint.Metadata.GetMetadata<AllowAnonymousTenant>() is not null
            || context.Features.Get<AllowAnonymousTenant>() is not null
        )
            return next(context);
        if ((endpoint.Metadata.GetMetadata<PlaceholderCredentials>() ?? context.Features.Get<PlaceholderCredentials>()) is not null)
            PlaceholderCredentials.Remove(context.Request.Headers);
        var isOptional = endpoint.Metadata.GetMetadata<OptionalTenant>() is not null;
        var request = new IdentificationRequest(
            context,
            Peer.From(context, trustedProxies),
            directory.Current,
            options,
            trustedProxies,
            publicUrl
        );
        var identification = IdentifyAsync(request, isOptional);
        return identification.IsCompletedSuccessfully
            ? ContinueAsync(context, identification.Result)
            : ContinueLaterAsync(context, identification);
    }

    /// <summary>
    /// Asks the ways in their order. Not async: in most requests every way answers at once, and nothing is allocated.
    /// </summary>
    private static ValueTask<IdentificationResult> IdentifyAsync(
        IdentificationRequest request,
        bool isOptional,
        Found found = default,
        int index = 0
    )
    {
        for (; index < IdentificationMethods.All.Length; index++)
        {
            var method = IdentificationMethods.All[index];
            if (found.Caller is not null && method.Evidence == Evidence.Location)
                continue;
            var identification = method.IdentifyAsync(request);
            if (!identification.IsCompletedSuccessfully)
                return ResumeAsync(identification, request, isOptional, found, index);
            if (Combine(method, identification.Result, isOptional, ref found) is { } final)
                return new(final);
        }
        return new(Conclude(request, isOptional, found));
    }

    private static async ValueTask<IdentificationResult> ResumeAsync(
        ValueTask<IdentificationResult> identification,
        IdentificationRequest request,
        bool isOptional,
        Found found,
        int index
    ) =>
        Combine(IdentificationMethods.All[index], await identification, isOptional, ref found)
        ?? await IdentifyAsync(request, isOptional, found, index + 1);

    /// <summary>
    /// The first refusal is final: a bad credential never falls back to a weaker way, such as the network.
    /// </summary>
    /// <param name="isOptional">Whether a caller that presents nothing needs no tenant here.</param>
    /// <returns>Null: the next way is asked.</returns>
    private static IdentificationResult? Combine(IdentificationMethod method, IdentificationResult result, bool isOptional, ref Found found)
    {
        if (result.Refusal is not null)
            return isOptional && method.Evidence == Evidence.Location ? IdentificationResult.NotPresented : result;
        if (result.Caller is null)
            return null;
        if (found.Method is null || method.Evidence < found.Method.Evidence)
        {
            found = new Found(result.Caller, method);
            return null;
        }
        var areCredentials = method.Evidence == Evidence.Credential && found.Method.Evidence == Evidence.Credential;
        if (areCredentials && result.Caller.Tenant != found.Caller!.Tenant)
            return IdentificationResult.Unidentified(
                $"The request presents credentials of two tenants, by {found.Method.Name} and by {method.Name}. Present one of them."
            );
        return null;
    }

    private static IdentificationResult Conclude(IdentificationRequest request, bool isOptional, Found found)
    {
        if (found.Caller is null)
            return isOptional ? IdentificationResult.NotPresented : NothingPresented(request);
        return found.Method!.IsAmbient && CrossSiteGuard.Check(request, found.Method) is { } problem
            ? new IdentificationResult(null, problem)
            : found.Caller;
    }

    private static IdentificationResult NothingPresented(IdentificationRequest request)
    {
        var address = Peer.Display(request.Peer.CallerAddress(request.Context, request.TrustedProxies));
        return IdentificationResult.Unidentified(
            $"The request came from {address}, which is in no tenant's network; no token, client certificate or trusted {request.Options.Header} was presented. "
                + "Ask the operator for a token, or to add the network to identify.networks in the tenants file."
        );
    }

    private async Task ContinueLaterAsync(HttpContext context, ValueTask<IdentificationResult> identification) =>
        await ContinueAsync(context, await identification);

    private Task ContinueAsync(HttpContext context, IdentificationResult result)
    {
        if (result.Caller is not { } caller)
            return (anonymous.Count(context) ?? result.Refusal) is { } refusal ? refusal.ExecuteAsync(context) : next(context);
        var (label, malformed) = UserLabel.Read(context.Request);
        context.Features.Set(label is null ? caller : caller with { Label = label });
        RequestEvent.Current?.Tenant = caller.Tenant.Id;
        RequestEvent.Current?.IdentifiedBy = caller.IdentifiedBy;
        return directory.IsSuspended(caller.Tenant.Id) ? IdentificationResult.Suspended.ExecuteAsync(context)
            // What only reads is not reported.
            : malformed is not null && HttpMethods.IsPost(context.Request.Method) ? malformed.ExecuteAsync(context)
            : next(context);
    }

    /// <summary>The caller by the strongest evidence so far, and the way that identified it.</summary>
    private readonly record struct Found(Caller? Caller, IdentificationMethod? Method);
}
