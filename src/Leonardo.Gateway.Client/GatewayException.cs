using System.Net;
using System.Text.Json;

namespace Leonardo.Gateway.Client;

/// <summary>The gateway refused the request, or its outcome is not known.</summary>
public sealed class GatewayException : Exception
{
    private GatewayException(HttpStatusCode status, Problem problem, TimeSpan? retryAfter)
        : base(problem.Detail) => (Status, Problem, RetryAfter) = (status, problem, retryAfter);

    /// <summary>The HTTP status.</summary>
    public HttpStatusCode Status { get; }

    /// <summary>The whole problem, for instance with its <c>ReservationId</c> or <c>ViolatedPolicies</c>.</summary>
    public Problem Problem { get; }

    /// <summary>Such as <c>/problems/quota-exceeded</c>; <c>about:blank</c>: not an answer of the gateway.</summary>
    public string Type => Problem.Type;

    /// <summary>What happened, what it cost, and what to do.</summary>
    public string Detail => Problem.Detail;

    /// <summary>Every rule that the request broke.</summary>
    public IReadOnlyCollection<Violation> Errors => [.. Problem.Errors ?? []];

    /// <summary>When a repetition may succeed; null: not known, or never.</summary>
    public TimeSpan? RetryAfter { get; }

    /// <summary>The operator finds the request by it.</summary>
    public string TraceId => Problem.TraceId;

    /// <summary>The request needs more than a whole quota: waiting does not help.</summary>
    public bool NeverAdmitted => Problem.NeverAdmitted ?? false;

    /// <summary>A repetition may get another answer soon: 5xx, or the first request of this key still runs.</summary>
    internal bool IsPassing => (int)Status >= 500 || Type == "/problems/idempotency-in-progress";

    internal static async Task<GatewayException> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var text = await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false);
        var isProblem = response.Content.Headers.ContentType?.MediaType == "application/problem+json";
        var problem = isProblem ? JsonSerializer.Deserialize<Problem>(text) : null;
        return new GatewayException(
            response.StatusCode,
            problem
                ?? new Problem
                {
                    Type = "about:blank",
                    Title = response.ReasonPhrase ?? "",
                    Status = (int)response.StatusCode,
                    Detail =
                        $"{(int)response.StatusCode} {response.ReasonPhrase}: not an answer of the gateway, but of something before it.",
                    Instance = "",
                    TraceId = "",
                },
            response.Headers.RetryAfter?.Delta
        );
    }
}
