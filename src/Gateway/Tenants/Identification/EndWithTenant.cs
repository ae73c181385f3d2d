using Gateway.Edge.Problems;

namespace Gateway.Tenants.Identification;

/// <summary>
/// Middleware: when a tenant is suspended or removed, its waits, streams and transfers end within a few seconds
/// (T-K13). What was sent to Leonardo is settled all the same.
/// </summary>
internal sealed class EndWithTenant(RequestDelegate next, TenantDirectory directory)
{
    public static readonly Problem Ended = new(
        ProblemTypes.Suspended,
        "The operator has suspended or removed this tenant. Nothing more is sent for it. Ask the operator to resume it."
    );

    public Task InvokeAsync(HttpContext context) =>
        context.Features.Get<Caller>() is { } caller ? InvokeAsync(context, caller) : next(context);

    /// <param name="work">Observes <see cref="HttpContext.RequestAborted"/>.</param>
    /// <returns>False: the tenant's end has ended it.</returns>
    public static async Task<bool> RunAsync(HttpContext context, TenantDirectory directory, string tenant, Func<Task> work)
    {
        var (aborted, end) = (context.RequestAborted, directory.EndOf(tenant));
        using var either = CancellationTokenSource.CreateLinkedTokenSource(aborted, end);
        context.RequestAborted = either.Token;
        try
        {
            await work();
            return true;
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested && !aborted.IsCancellationRequested)
        {
            return false;
        }
        finally
        {
            context.RequestAborted = aborted;
        }
    }

    private async Task InvokeAsync(HttpContext context, Caller caller)
    {
        if (await RunAsync(context, directory, caller.Tenant.Id, () => next(context)))
            return;
        if (context.Response.HasStarted)
            context.Abort();
        else
            await Ended.ExecuteAsync(context);
    }
}
