using System.Net;
using Gateway.Edge.Problems;
using Gateway.Tenants;
using Gateway.Tenants.Identification;

namespace Gateway.Admin.SetUp;

/// <summary>
/// <c>POST /admin/caller</c>: which tenant a made-up request would be taken for, by the server's own rules.
/// </summary>
internal sealed class CallerEndpoint(IServiceProvider services)
{
    private const int MaxHeaders = 20;

    public async Task<IResult> AskAsync(HttpRequest request)
    {
        var (body, refusal) = await AdminBody.ReadAsync(request, SetUpJson.Default.CallerBody);
        if (body is null)
            return refusal!;
        var violations = new List<Violation>();
        if (!IPAddress.TryParse(body.Address, out var address))
            violations.Add(new Violation("#/address", "malformed", "must be an IP address"));
        var headers = body.Headers ?? new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        if (headers.Count > MaxHeaders || headers.Any(header => !IsHeader(header.Key, header.Value)))
            violations.Add(new Violation("#/headers", "malformed", $"must be at most {MaxHeaders} headers of printable ASCII characters"));
        // A session that rests on nothing any more would be ended by being looked at.
        if (headers.Keys.Contains("Cookie", StringComparer.OrdinalIgnoreCase))
            violations.Add(new Violation("#/headers/Cookie", "unknown-value", "must be left out: a session's caller sees it in /v1/usage"));
        if (violations.Count > 0)
            return AdminBody.Invalid(violations);
        var asked = await MadeUpRequest.IdentifyAsync(services, address!, headers);
        var problem = asked.Features.Get<Problem>();
        return TypedResults.Json(
            new AdminCaller(
                asked.Features.Get<Caller>() is { } caller
                    ? new AdminCallerTenant(caller.Tenant.Id, caller.Tenant.Name, caller.IdentifiedBy)
                    : null,
                problem is null ? null : new AdminCallerRefusal(asked.Response.StatusCode, problem.Type.Name, problem.Detail ?? "")
            ),
            SetUpJson.Default.AdminCaller
        );
    }

    private static bool IsHeader(string name, string? value) =>
        name.Length is > 0 and <= 100
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '-')
        && value is { Length: <= 8192 }
        && value.All(c => c is >= ' ' and <= '~');
}
