using System.Net;
using System.Text.Json;

namespace Leonardo.Gateway.Client;

/// <summary>The gateway refused the request, or its outcome is not known.</summary>
public sealed class GatewayException : Exception
{
    private readonly bool _isFree;

    private GatewayException(HttpRequestMessage? request, HttpResponseMessage? response, Problem? problem, string detail, Exception? cause)
        : base(problem?.Detail ?? detail, cause)
    {
        Status = response?.StatusCode ?? default;
        Problem =
            problem
            ?? new Problem
            {
                Type = "about:blank",
                Title = response?.ReasonPhrase ?? "No answer",
                Status = (int)Status,
                Detail = detail,
                Instance = "",
                TraceId = "",
            };
        RetryAfter = response?.Headers.RetryAfter?.Delta;
        _isFree = request?.Method != HttpMethod.Post;
        IdempotencyKey = request?.Headers.TryGetValues("Idempotency-Key", out var keys) == true ? keys.First() : null;
    }

    /// <summary>The HTTP status; 0: there was no answer, and <see cref="Exception.InnerException"/> says why.</summary>
    public HttpStatusCode Status { get; }

    /// <summary>A call with this key and the same body gets what this call was charged for, if it was.</summary>
    public string? IdempotencyKey { get; internal set; }

    /// <summary>What the call is charged for, if that is known; it can be read or waited for.</summary>
    public Guid? GenerationId { get; internal set; }

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

    internal bool IsRepeat { get; private init; }

    /// <summary>A repetition may help soon, and costs nothing. A paid quota may be full until midnight.</summary>
    internal bool IsPassing =>
        (int)Status >= 500
        || Type == "/problems/idempotency-in-progress"
        || ((int)Status == 429 && !NeverAdmitted && (_isFree || Problem.ViolatedPolicies?.ToArray() is ["concurrent-streams"]));

    internal static GatewayException Lost(HttpRequestMessage? request, string why, Exception? cause = null) =>
        new(request, null, null, $"No answer ({why}): its outcome is not known. With its key a request is paid once.", cause);

    internal static GatewayException Read(HttpRequestMessage request, HttpResponseMessage response, string text, bool isRepeat)
    {
        var isProblem = response.Content.Headers.ContentType?.MediaType == "application/problem+json";
        var problem = isProblem ? JsonSerializer.Deserialize<Problem>(text) : null;
        var detail = $"{(int)response.StatusCode} {response.ReasonPhrase}: not an answer of the gateway, but of something before it.";
        return new(request, response, problem, detail, null) { IsRepeat = isRepeat };
    }
}
