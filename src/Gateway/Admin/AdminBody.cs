using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Gateway.Edge.Http;
using Gateway.Edge.Problems;

namespace Gateway.Admin;

/// <summary>Reads the small bodies of the admin API, strictly.</summary>
internal static class AdminBody
{
    public const int MaxReasonLength = 500;

    /// <returns>The body, or what is wrong with it.</returns>
    public static async Task<(T? Body, Problem? Refusal)> ReadAsync<T>(HttpRequest request, JsonTypeInfo<T> type)
        where T : class
    {
        var (bytes, refusal) = await RequestBody.ReadJsonAsync(request);
        if (refusal is not null)
            return (null, refusal);
        try
        {
            if (JsonSerializer.Deserialize(bytes.Span, type) is { } body)
                return (body, null);
        }
        catch (JsonException)
        {
            // Below: the library's message names our types.
        }
        return (null, new Problem(ProblemTypes.MalformedRequest, "The body is not the JSON object that this route takes; see /swagger."));
    }

    /// <summary>Of a change that needs no body: what it is about is in its address.</summary>
    public static async Task<(ReasonBody? Body, Problem? Refusal)> ReadReasonAsync(HttpRequest request) =>
        request.ContentLength == 0 || (request is { ContentLength: null, ContentType: null } && request.Headers.TransferEncoding.Count == 0)
            ? (new ReasonBody(null), null)
            : await ReadAsync(request, AdminJson.Default.ReasonBody);

    public static Violation? FaultOfReason(string? reason) =>
        !string.IsNullOrWhiteSpace(reason) && reason.Length <= MaxReasonLength && !reason.Any(char.IsControl)
            ? null
            : new Violation("#/reason", "out-of-range", $"must say why, in 1 to {MaxReasonLength} characters on one line");

    public static Problem Invalid(IReadOnlyList<Violation> faults) =>
        new(ProblemTypes.Validation, "The body has faults: see errors.") { Errors = faults };

    public static Problem StoreAway() =>
        new(ProblemTypes.StoreUnavailable, "The store did not answer. Nothing is known to have changed.") { RetryAfter = 1 };
}

/// <param name="Reason">Why, for the audit: 1 to 500 characters.</param>
internal sealed record ReasonBody(string? Reason);

/// <summary>The same where it can be left out, for the document.</summary>
/// <param name="Reason">Why, for the audit: 1 to 500 characters.</param>
internal sealed record OptionalReasonBody(string? Reason = null);

/// <param name="Quota"><c>imagesPerDay</c>, <c>imagesPerMonth</c> or <c>usdPerMonth</c>.</param>
/// <param name="Amount">Images, or dollars with up to six decimals; more than nothing. Added to the limit for the running period.</param>
/// <param name="Reason">Why, for the audit: 1 to 500 characters.</param>
internal sealed record GrantBody(string? Quota, decimal? Amount, string? Reason);

/// <param name="Reason">Why, for the audit: 1 to 500 characters.</param>
/// <param name="GenerationId">The generation that was found for it; its tenant becomes its owner. Absent: it is counted as spent, and no generation belongs to it.</param>
internal sealed record SettleBody(string? Reason, string? GenerationId = null);
