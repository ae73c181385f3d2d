using Gateway.Ledger;
using Gateway.Tenants;
using Gateway.Tenants.Identification;

namespace Gateway.Quotas;

/// <summary>Middleware: adds the rate-limit headers to every answer to an identified tenant.</summary>
internal sealed class RateLimitMiddleware(RequestDelegate next, QuotaLedger ledger, TenantBounds bounds)
{
    public Task InvokeAsync(HttpContext context)
    {
        // When the answer starts, so that the headers include the request that was just admitted.
        context.Response.OnStarting(WriteAsync, context);
        return next(context);
    }

    private async Task WriteAsync(object state)
    {
        var context = (HttpContext)state;
        if (context.Features.Get<Caller>() is not { } caller)
            return;
        var headers = context.Response.Headers;
        // T-B10: no shared cache may give one tenant's answer to another.
        if (headers.CacheControl.Count == 0)
            headers.CacheControl = "private, no-store";
        RateLimitHeaders.Write(headers, await ledger.StatusAsync(caller.Tenant), bounds.GetStatuses(caller.Tenant));
    }
}
