using Gateway.Tenants;

namespace Gateway.Quotas;

/// <summary>Middleware: says on every answer to an identified tenant where its quotas stand. After identification.</summary>
internal sealed class QuotaHeaders(RequestDelegate next, QuotaLedger ledger)
{
    public Task InvokeAsync(HttpContext context)
    {
        // As the answer begins, so that a request which was admitted is counted in what it is told.
        if (context.Features.Get<Caller>() is { } caller)
            context.Response.OnStarting(WriteAsync, (context.Response, caller.Tenant, ledger));
        return next(context);
    }

    private static async Task WriteAsync(object state)
    {
        var (response, tenant, ledger) = ((HttpResponse, Tenant, QuotaLedger))state;
        RateLimitHeaders.Write(response.Headers, await ledger.StatusAsync(tenant, fresh: false, CancellationToken.None));
    }
}
