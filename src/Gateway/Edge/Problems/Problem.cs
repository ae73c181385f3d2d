using System.Text.Json;
using Gateway.Edge.Addresses;
using Gateway.Edge.Http;

namespace Gateway.Edge.Problems;

/// <summary>
/// A refusal as RFC 9457 <c>application/problem+json</c>. A value: refusals are returned, not thrown.
/// </summary>
/// <param name="Type">Which refusal.</param>
/// <param name="Detail">What happened, what it cost, what to do. Never upstream text, a key, a host name or a path of
/// the server.</param>
internal sealed record Problem(ProblemType Type, string Detail) : IResult
{
    public int Status { get; init; } = Type.Status;

    public IReadOnlyList<Violation> Errors { get; init; } = [];

    public IReadOnlyList<string> ViolatedPolicies { get; init; } = [];

    /// <summary>For a quota: the request does not fit into the whole limit, so waiting does not help.</summary>
    public bool NeverAdmitted { get; init; }

    /// <summary>Whole seconds; written as <c>Retry-After</c>.</summary>
    public int? RetryAfter { get; init; }

    public string? Reason { get; init; }

    public string? ReservationId { get; init; }

    /// <summary>
    /// Whether the connection is closed after the answer, because the rest of the request cannot or should not be read.
    /// </summary>
    public bool Close { get; init; } = Type == ProblemTypes.TooLarge;

    /// <summary>Value of <c>WWW-Authenticate</c>.</summary>
    public string? Authenticate { get; init; }

    /// <summary>How long the answer is held back, so that a caller in a loop costs little CPU.</summary>
    public TimeSpan Delay { get; init; }

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        if (Delay > TimeSpan.Zero)
            await Task.Delay(Delay, httpContext.RequestAborted);
        var response = httpContext.Response;
        response.StatusCode = Status;
        response.Headers.CacheControl = "no-store";
        response.Headers.Link = $"<{PublicUrl.AddressFor(httpContext).Root}{Type.Uri}>; rel=\"help\"";
        if (RetryAfter is { } seconds)
            response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        if (Close)
            response.Headers.Connection = "close";
        if (Authenticate is not null)
            response.Headers.WWWAuthenticate = Authenticate;
        httpContext.Features.Set(this);
        if (httpContext.Features.Get<ProblemForm>() is { } form)
            await form.WriteAsync(httpContext, this);
        else
            await JsonResponse.WriteAsync(httpContext, "application/problem+json", json => Write(json, RequestId.Get(httpContext)));
    }

    /// <param name="requestId">The <see cref="RequestId"/> of the answer.</param>
    public void Write(Utf8JsonWriter json, string requestId)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, Type.Uri);
        json.WriteString("title"u8, Type.Title);
        json.WriteNumber("status"u8, Status);
        json.WriteString("detail"u8, Detail);
        // The request id, not the path: an answer must not differ by the id that was requested (T-B1).
        json.WriteString("instance"u8, "urn:request:" + requestId);
        json.WriteString("traceId"u8, System.Diagnostics.Activity.Current?.TraceId.ToHexString() ?? requestId);
        if (Reason is not null)
            json.WriteString("reason"u8, Reason);
        if (ReservationId is not null)
            json.WriteString("reservationId"u8, ReservationId);
        if (ViolatedPolicies.Count > 0)
        {
            json.WriteStartArray("violated-policies"u8);
            foreach (var policy in ViolatedPolicies)
                json.WriteStringValue(policy);
            json.WriteEndArray();
        }
        if (NeverAdmitted)
            json.WriteBoolean("neverAdmitted"u8, true);
        if (Errors.Count > 0)
        {
            json.WriteStartArray("errors"u8);
            foreach (var (pointer, code, detail) in Errors)
            {
                json.WriteStartObject();
                json.WriteString("pointer"u8, pointer);
                json.WriteString("code"u8, code);
                json.WriteString("detail"u8, detail);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        json.WriteEndObject();
    }
}
