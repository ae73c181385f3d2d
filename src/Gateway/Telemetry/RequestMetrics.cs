using System.Globalization;
using Gateway.Edge.Http;
using Gateway.Edge.Logging;
using Gateway.Edge.Problems;
using Gateway.Telemetry.Alerts;
using Gateway.Tenants;
using Gateway.Tenants.Identification;

namespace Gateway.Telemetry;

/// <summary>Middleware: counts each request by route pattern, tenant, and status or problem.</summary>
internal sealed class RequestMetrics(RequestDelegate next, GatewayMetrics metrics, RecentCounts recent, TimeProvider time)
{
    public async Task InvokeAsync(HttpContext context)
    {
        var started = time.GetTimestamp();
        try
        {
            await next(context);
        }
        finally
        {
            Count(context, time.GetElapsedTime(started));
        }
    }

    private void Count(HttpContext context, TimeSpan duration)
    {
        var route = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? GatewayMetrics.None;
        var tenant = context.Features.Get<Caller>()?.Tenant.Id ?? GatewayMetrics.None;
        var status = context.Response.StatusCode.ToString(CultureInfo.InvariantCulture);
        metrics.Requests.WithLabels(tenant, RequestLogMiddleware.Known(context.Request.Method), route, status).Inc();
        metrics.RequestSeconds.WithLabels(route).Observe(duration.TotalSeconds);
        if (context.Features.Get<Problem>() is not { } problem)
            return;
        metrics.Refusals.WithLabels(tenant, problem.Type.Name).Inc();
        recent.CountRefusal(problem.Type);
        foreach (var policy in problem.ViolatedPolicies)
            metrics.QuotaRefusals.WithLabels(tenant, policy).Inc();
    }
}
