using System.Globalization;
using System.Text.Json;
using Gateway.Edge.Http;
using Gateway.Edge.Problems;
using Gateway.Edge.Rates;
using Gateway.Ledger.Rules;
using Gateway.Quotas;

namespace Gateway.OpenAi;

/// <summary>A problem as OpenAI's clients read it: <c>{"error":{"message","type","param","code"}}</c>.</summary>
/// <param name="Param">The first member that is wrong; null: none.</param>
/// <param name="ShouldRetry">What <c>x-should-retry</c> says; null: the client decides by the status.</param>
/// <param name="RetryAfter">Whole seconds; null: not said.</param>
internal sealed record OpenAiError(int Status, string Type, string Code, string? Param, string Message, bool? ShouldRetry, int? RetryAfter)
{
    /// <summary>The code of a violation that makes a <c>not-found</c> a <c>model_not_found</c>.</summary>
    public const string UnknownModel = "unknown-model";

    /// <summary>OpenAI's clients sleep as long as <c>Retry-After</c> says, whatever it says.</summary>
    private const int LongestSleep = 60;

    private const string InvalidRequest = "invalid_request_error";
    private const string Quota = "insufficient_quota";

    /// <summary>Limits that admit a request again within a minute: a repeat by the client itself succeeds.</summary>
    private static readonly string[] Rates =
    [
        QuotaStatus.RequestsMinute,
        TenantRates.UploadsMinute,
        TenantRates.ReadsMinute,
        AddressRateLimit.Policy,
    ];

    public static readonly ProblemForm Form = new(
        static (context, problem) =>
            From(
                    problem.Type == ProblemTypes.NotFound && context.GetEndpoint() is null
                        ? problem with
                        {
                            Detail =
                                "There is no such route. On the public port /openai/v1 has POST images/generations, POST images/edits, GET models and GET models/{id}; see /docs/openai.",
                        }
                        : problem
                )
                .WriteAsync(context)
    );

    public static OpenAiError From(Problem problem)
    {
        var (status, type, code, shouldRetry) = Classify(problem);
        return new OpenAiError(
            status,
            type,
            code,
            problem.Errors.Count == 0 ? null : ParamOf(problem.Errors[0].Pointer),
            MessageOf(problem),
            shouldRetry,
            type == Quota && problem.RetryAfter > LongestSleep ? null : problem.RetryAfter
        );
    }

    /// <summary>The member <c>error</c>.</summary>
    public void WriteMember(Utf8JsonWriter json)
    {
        json.WriteStartObject("error"u8);
        json.WriteString("message"u8, Message);
        json.WriteString("type"u8, Type);
        json.WriteString("param"u8, Param);
        json.WriteString("code"u8, Code);
        json.WriteEndObject();
    }

    private Task WriteAsync(HttpContext context)
    {
        var response = context.Response;
        response.StatusCode = Status;
        response.Headers.RetryAfter = RetryAfter?.ToString(CultureInfo.InvariantCulture);
        if (ShouldRetry is { } retry)
            response.Headers["x-should-retry"] = retry ? "true" : "false";
        return JsonResponse.WriteAsync(
            context,
            "application/json",
            json =>
            {
                json.WriteStartObject();
                WriteMember(json);
                json.WriteEndObject();
            }
        );
    }

    /// <summary>The status table of docs/openai.md.</summary>
    private static (int Status, string Type, string Code, bool? ShouldRetry) Classify(Problem problem)
    {
        var (type, status) = (problem.Type, problem.Status);
        if (type == ProblemTypes.Validation || type == ProblemTypes.MalformedRequest)
            return (status, InvalidRequest, "invalid_value", null);
        if (type == ProblemTypes.UpstreamRejected)
            return (400, InvalidRequest, problem.Reason == "moderation" ? "content_policy_violation" : "upstream_rejected", null);
        if (type == ProblemTypes.QuotaExceeded)
            return IsRate(problem) ? (status, "requests", "rate_limit_exceeded", null) : (status, Quota, Quota, false);
        if (type == ProblemTypes.UpstreamOutOfCredit)
            return (429, Quota, "billing_hard_limit_reached", false);
        return status switch
        {
            401 => (status, "authentication_error", "invalid_api_key", null),
            403 => (status, "permission_error", type.Name, null),
            404 => (status, InvalidRequest, problem.Errors is [{ Code: UnknownModel }] ? "model_not_found" : "not_found", null),
            409 => (status, "idempotency_error", type.Name, true),
            422 => (status, "idempotency_error", type.Name, false),
            < 500 => (status, InvalidRequest, type.Name, null),
            _ => (status, "api_error", type.Name, null),
        };
    }

    private static bool IsRate(Problem problem) =>
        problem is { NeverAdmitted: false, ViolatedPolicies.Count: > 0 }
        && problem.ViolatedPolicies.All(policy => Rates.Contains(policy, StringComparer.Ordinal));

    private static string MessageOf(Problem problem) =>
        problem.Errors.Count == 0
            ? problem.Detail
            : $"{problem.Type.Title}: {string.Join("; ", problem.Errors.Select(error => $"{ParamOf(error.Pointer) ?? "the body"} {error.Detail}"))}.";

    /// <summary>The member of OpenAI's request that a pointer into Leonardo's means.</summary>
    /// <returns>Null: the body as a whole.</returns>
    private static string? ParamOf(string pointer)
    {
        if (pointer.Split('/') is not [_, var first, .. var rest])
            return null;
        return (first, rest.FirstOrDefault()) switch
        {
            ("parameters", "quantity") => "n",
            ("parameters", "width" or "height") => "size",
            ("parameters", "guidances") or ("file", _) => "image",
            ("parameters", { } member) => member,
            ("parameters", null) => null,
            _ => Uri.UnescapeDataString(first).Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal),
        };
    }
}
