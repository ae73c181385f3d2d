using System.Net;

namespace Leonardo.Gateway.Client;

/// <summary>The gateway refused the request, or its outcome is not known.</summary>
public sealed class GatewayException : Exception
{
    private readonly bool _isFree;

    internal GatewayException(HttpRequestMessage request, HttpResponseMessage? answer, Problem? problem, string detail, Exception? cause)
        : base(problem?.Detail ?? detail, cause)
    {
        Status = answer?.StatusCode ?? default;
        Problem = problem ?? new() { Status = (int)Status };
        (Problem.Type, Problem.Detail) = (Problem.Type ?? "about:blank", Message);
        Problem.Title ??= answer?.ReasonPhrase ?? "No answer";
        (Problem.Instance, Problem.TraceId) = (Problem.Instance ?? "", Problem.TraceId ?? "");
        RetryAfter = answer?.Headers.RetryAfter?.Delta;
        _isFree = request.Method != HttpMethod.Post;
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
    public TimeSpan? RetryAfter { get; internal init; }

    /// <summary>The operator finds the request by it.</summary>
    public string TraceId => Problem.TraceId;

    /// <summary>The request needs more than a whole quota: waiting does not help.</summary>
    public bool NeverAdmitted => Problem.NeverAdmitted ?? false;

    /// <summary>An earlier attempt may have had an effect.</summary>
    internal bool IsRepeat { get; set; }

    /// <summary>Also after a 503: the store may have taken what it did not answer.</summary>
    internal bool MayHaveActed => (int)Status is 0 or >= 500;

    /// <summary>A repetition may help soon, and costs nothing. A paid quota may be full until midnight.</summary>
    internal bool IsPassing =>
        (int)Status is 0 or >= 500
        || Type == "/problems/idempotency-in-progress"
        || ((int)Status == 429 && !NeverAdmitted && (_isFree || Problem.ViolatedPolicies?.ToArray() is ["concurrent-streams"]));
}
