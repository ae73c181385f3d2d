using System.Text.Json;
using Gateway.Edge;

namespace Gateway.Leonardo.Replies;

/// <summary>Reads the upstream's reply to a creation: HTTP 200 may be a refusal, and a refusal may have one of three shapes.</summary>
/// <remarks>
/// Shapes: official recipes and recorded replies (nested success, flat success); https://docs.leonardo.ai/docs/api-error-messages (one object);
/// the remove.bg migration page (errors under 200). What counts as definite is the table of the ledger: 400, 401, 402, 403, 404, 405, 413, 415, 422 and
/// 429, as the HTTP status or inside the errors of a 200. All else after the first byte was sent is unknown.
/// </remarks>
internal static class CreationReply
{
    private const int MaxDepth = 16;

    public static CreationOutcome Read(UpstreamReply reply)
    {
        using var json = Parse(reply.Body);
        if (reply.Status == 200)
            return ReadOk(reply, json);
        return IsDefinite(reply.Status)
            ? Refusal.Of(reply.Status, json is null ? UpstreamError.None : UpstreamError.Read(json.RootElement), reply.RetryAfter)
            : new CreationOutcome.Unknown($"the upstream answered {reply.Status}");
    }

    private static CreationOutcome ReadOk(UpstreamReply reply, JsonDocument? json)
    {
        if (reply.Body is null)
            return new CreationOutcome.Unknown("the upstream's answer was cut off or too long");
        if (json is null)
            return new CreationOutcome.Unknown("the upstream's answer was not JSON");

        var root = json.RootElement;
        if (UpstreamError.IsIn(root))
        {
            var error = UpstreamError.Read(root);
            return error.Status is { } status && IsDefinite(status)
                ? Refusal.Of(status, error, reply.RetryAfter)
                : new CreationOutcome.Unknown("the upstream answered with an error that does not say whether it accepted the request");
        }

        var generate = Member(root, "generate"u8, JsonValueKind.Object) ?? root;
        return GenerationId(generate) is { } id
            ? new CreationOutcome.Accepted(id, ReadCost(generate))
            : new CreationOutcome.Unknown("the upstream's answer holds no generation id");
    }

    public static bool IsDefinite(int status) => status is 400 or 401 or 402 or 403 or 404 or 405 or 413 or 415 or 422 or 429;

    /// <summary>Ids are UUIDs of any version (the upstream's are version 6); anything else is no id (threats H12).</summary>
    public static string? CanonicalId(string? text) => text is not null && Uuid.Is(text) ? text.ToLowerInvariant() : null;

    public static JsonDocument? Parse(ReadOnlyMemory<byte>? body)
    {
        if (body is not { Length: > 0 } bytes)
            return null;
        try
        {
            return JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = MaxDepth, AllowDuplicateProperties = false });
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string? GenerationId(JsonElement generate) =>
        generate.ValueKind == JsonValueKind.Object && Member(generate, "generationId"u8, JsonValueKind.String) is { } id
            ? CanonicalId(UpstreamError.Text(id))
            : null;

    private static UpstreamCost ReadCost(JsonElement generate)
    {
        int? apiCreditCost =
            Member(generate, "apiCreditCost"u8, JsonValueKind.Number) is { } number && number.TryGetInt32(out var credits) && credits >= 0
                ? credits
                : null;
        if (Member(generate, "cost"u8, JsonValueKind.Object) is not { } cost)
            return new UpstreamCost(null, null, apiCreditCost);
        var amount = Member(cost, "amount"u8, JsonValueKind.String) is { } text ? UpstreamError.Text(text) : null;
        var unit = Member(cost, "unit"u8, JsonValueKind.String) is { } name ? UpstreamError.Text(name) : null;
        return (unit, Usd.Micros(amount)) switch
        {
            ("DOLLARS", { } micros) => new UpstreamCost(micros, null, apiCreditCost),
            ("CREDITS", not null) => new UpstreamCost(null, amount, apiCreditCost),
            _ => new UpstreamCost(null, null, apiCreditCost),
        };
    }

    private static JsonElement? Member(JsonElement element, ReadOnlySpan<byte> name, JsonValueKind kind) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var member) && member.ValueKind == kind
            ? member
            : null;
}
