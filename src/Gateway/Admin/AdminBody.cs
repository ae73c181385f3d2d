using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Gateway.Edge;
using Gateway.Edge.Http;
using Gateway.Edge.Problems;

namespace Gateway.Admin;

/// <summary>Reads and validates the bodies of the admin API.</summary>
internal static class AdminBody
{
    public const int MaxReasonLength = 500;

    /// <param name="maxBytes">The limit of the route.</param>
    /// <param name="tooLarge">The refusal of a longer body.</param>
    /// <returns>The body, or the problem to answer with.</returns>
    public static async Task<(T? Body, Problem? Refusal)> ReadAsync<T>(
        HttpRequest request,
        JsonTypeInfo<T> type,
        int maxBytes = EdgeFeature.MaxBodyBytes,
        Problem? tooLarge = null
    )
        where T : class
    {
        var (bytes, refusal) = await RequestBody.ReadJsonAsync(request, maxBytes, tooLarge);
        if (refusal is not null)
            return (null, refusal);
        try
        {
            if (JsonSerializer.Deserialize(bytes.Span, type) is { } body)
                return (body, null);
        }
        catch (JsonException)
        {
            // Answered below: the library's message would show internal type names.
        }
        return (
            null,
            new Problem(
                ProblemTypes.MalformedRequest,
                "The body is not the JSON object that this route takes. Nothing was changed; /openapi/admin.json describes what to send."
            )
        );
    }

    /// <summary>For a change whose body can be left out.</summary>
    public static async Task<(ReasonBody? Body, Problem? Refusal)> ReadReasonAsync(HttpRequest request) =>
        request.ContentLength == 0 || (request is { ContentLength: null, ContentType: null } && request.Headers.TransferEncoding.Count == 0)
            ? (new ReasonBody(null), null)
            : await ReadAsync(request, AdminJson.Default.ReasonBody);

    public static Violation? ValidateReason(string? reason) =>
        !string.IsNullOrWhiteSpace(reason) && reason.Length <= MaxReasonLength && !reason.Any(char.IsControl)
            ? null
            : new Violation("#/reason", "out-of-range", $"must be a reason of 1 to {MaxReasonLength} characters on one line");

    public static Problem Invalid(IReadOnlyList<Violation> violations) =>
        new(ProblemTypes.Validation, "The body is not valid: see errors. Nothing was changed.") { Errors = violations };
}

/// <param name="Reason">Why, for the audit: 1 to 500 characters.</param>
internal sealed record ReasonBody(string? Reason);

/// <summary>The same body where it can be left out, for the OpenAPI document.</summary>
/// <param name="Reason">Why, for the audit: 1 to 500 characters.</param>
internal sealed record OptionalReasonBody(string? Reason = null);

/// <param name="Quota"><c>imagesPerDay</c>, <c>imagesPerMonth</c> or <c>usdPerMonth</c>.</param>
/// <param name="Amount">
/// Images, or dollars with up to six decimals; more than 0. Added to the limit for the current period.
/// </param>
/// <param name="Reason">Why, for the audit: 1 to 500 characters.</param>
internal sealed record GrantBody(string? Quota, decimal? Amount, string? Reason);

/// <param name="Reason">Why, for the audit: 1 to 500 characters.</param>
/// <param name="GenerationId">
/// The generation that was found for the reservation; the tenant becomes its owner.
/// If it is left out, the reservation is counted as spent and no generation belongs to it.
/// </param>
internal sealed record SettleBody(string? Reason, string? GenerationId = null);
