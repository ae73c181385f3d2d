using System.Text.Json;
using Gateway.Edge;

namespace Gateway.Leonardo.Replies;

/// <summary>
/// Turns the reply to a creation into a <see cref="CreationOutcome"/>. HTTP 200 may be a refusal, and a refusal has one
/// of three shapes.
/// </summary>
/// <remarks>
/// Shapes: official recipes and recorded replies (nested success, flat success);
/// https://docs.leonardo.ai/docs/api-error-messages (one object); the remove.bg migration page (errors under 200).
/// Definite refusals are those of docs/ledger.md, as the HTTP status or inside the errors of a 200. Everything else
/// that happens after the first byte was sent is unknown.
/// </remarks>
internal static class CreationReplyParser
{
    public static CreationOutcome Parse(UpstreamReply reply)
    {
        using var json = UpstreamJson.Parse(reply.Body);
        if (reply.Status == 200)
            return ParseOk(reply, json);
        return IsDefinite(reply.Status)
            ? CreationRefusal.Classify(reply.Status, json is null ? UpstreamError.None : UpstreamError.Parse(json.RootElement), reply)
            : new CreationOutcome.Unknown($"the upstream answered {reply.Status}");
    }

    private static CreationOutcome ParseOk(UpstreamReply reply, JsonDocument? json)
    {
        if (reply.Body is null)
            return new CreationOutcome.Unknown("the upstream's answer was cut off or too long");
        if (json is null)
            return new CreationOutcome.Unknown("the upstream's answer was not JSON");

        var root = json.RootElement;
        if (UpstreamError.IsError(root))
        {
            var error = UpstreamError.Parse(root);
            return error.Status is { } status && IsDefinite(status)
                ? CreationRefusal.Classify(status, error, reply)
                : new CreationOutcome.Unknown("the upstream answered with an error that does not say whether it accepted the request");
        }

        var generate = UpstreamJson.GetMember(root, "generate"u8, JsonValueKind.Object) ?? root;
        // Only a UUID counts as an id (T-H12).
        return Uuid.Canonicalize(UpstreamJson.GetString(generate, "generationId"u8)) is { } id
            ? new CreationOutcome.Accepted(id, ParseCost(generate))
            : new CreationOutcome.Unknown("the upstream's answer holds no generation id");
    }

    private static bool IsDefinite(int status) => status is 400 or 401 or 402 or 403 or 404 or 405 or 413 or 415 or 422 or 429;

    private static UpstreamCost ParseCost(JsonElement generate)
    {
        int? apiCreditCost =
            UpstreamJson.GetMember(generate, "apiCreditCost"u8, JsonValueKind.Number) is { } number
            && number.TryGetInt32(out var credits)
            && credits >= 0
                ? credits
                : null;
        if (UpstreamJson.GetMember(generate, "cost"u8, JsonValueKind.Object) is not { } cost)
            return new UpstreamCost(null, null, apiCreditCost);
        var amount = UpstreamJson.GetString(cost, "amount"u8);
        return (UpstreamJson.GetString(cost, "unit"u8), Usd.Micros(amount)) switch
        {
            ("DOLLARS", { } micros) => new UpstreamCost(micros, null, apiCreditCost),
            ("CREDITS", not null) => new UpstreamCost(null, amount, apiCreditCost),
            _ => new UpstreamCost(null, null, apiCreditCost),
        };
    }
}
