using System.Globalization;
using Gateway.Edge.Addresses;
using Gateway.Edge.Http;
using Gateway.Results;

namespace Gateway.Generations;

/// <summary>The answer to <c>Prefer: respond-async</c>: the job, as <c>GET /v1/jobs/{id}</c> shows it.</summary>
/// <param name="WaitSeconds">What the caller asked to wait; null: it did not.</param>
internal sealed record JobAccepted(StoredJob Job, bool IsReplay, int? WaitSeconds, DateTimeOffset Now) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        var isComplete = WaitSeconds is not null && Job.IsEnded;
        response.StatusCode = isComplete ? StatusCodes.Status200OK : StatusCodes.Status202Accepted;
        var address = PublicUrl.AddressFor(httpContext);
        response.Headers.Location = $"{address.Prefix}/v1/jobs/{Job.Id}";
        response.Headers.CacheControl = "private, no-store";
        PreferWait.WriteApplied(response, WaitSeconds, isAsync: true);
        if (IsReplay)
            response.Headers[GenerationAccepted.ReplayedHeader] = "true";
        if (!isComplete)
            response.Headers.RetryAfter = Job.RetryAfter(Now).ToString(CultureInfo.InvariantCulture);
        return JsonResponse.WriteAsync(
            httpContext,
            "application/json",
            json =>
            {
                json.WriteStartObject();
                Job.WriteMembers(json, address.Root);
                json.WriteEndObject();
            }
        );
    }
}
