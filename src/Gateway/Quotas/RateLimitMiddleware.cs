using Gateway.Ledger;
using Gateway.Tenants;
using Gateway.Tenants.Identification;

namespace Gateway.Quotas;

/// <summary>Middleware: says on every answer to an identified tenant where its quotas stand. Before identification, which may answer a tenant itself.</summary>
internal sealed class RateLimitMiddleware(RequestDelegate next, QuotaLedger ledger)
{
    public Task InvokeAsync(HttpContext context)
    {
        // As the answer begins, so that a request which was admitted is counted in what it is told.
        context.Response.OnStarting(WriteAsync, context);
        return next(context);
    }

    private async Task WriteAsync(object state)
    {
        var context = (HttpContext)state;
        if (context.Features.Get<Caller>() is not { } caller)
            return;
        var headers = context.Response.Headers;
        // What is told a tenant is no other's (threats B10), whatever is between.
        if (headers.CacheControl.Count == 0)
            headers.CacheControl = "private, no-store";
        RateLimitHeaders.Write(headers, await ledger.StatusAsync(caller.Tenant));
    }
}
