using System.Text.Json;
using Gateway.Edge.Outgoing;
using Gateway.Edge.Problems;

namespace Gateway.Leonardo.Replies;

/// <summary>
/// Turns the reply to a call that costs nothing into an <see cref="ApiOutcome{T}"/>. HTTP 200 may be an error.
/// </summary>
internal static class ApiReplyParser
{
    /// <param name="parse">Parses the root of a successful reply.</param>
    public static ApiOutcome<T> Parse<T>(UpstreamReply reply, Func<JsonElement, ApiOutcome<T>> parse)
    {
        if (reply.Status != 200)
            return FromStatus<T>(reply.Status, reply);
        using var json = UpstreamJson.Parse(reply.Body);
        if (json is null)
            return Unreadable<T>();
        return UpstreamError.IsError(json.RootElement)
            ? FromStatus<T>(UpstreamError.Parse(json.RootElement).Status ?? 0, reply)
            : parse(json.RootElement);
    }

    /// <summary>Parses <c>{"name": row}</c>; a row that is null is missing.</summary>
    public static Func<JsonElement, ApiOutcome<T>> Row<T>(string name, Func<JsonElement, T?> parse) =>
        root =>
            root.ValueKind == JsonValueKind.Object && root.TryGetProperty(name, out var row)
                ? row.ValueKind switch
                {
                    JsonValueKind.Null => new ApiOutcome<T>.Missing(),
                    JsonValueKind.Object when parse(row) is { } value => new ApiOutcome<T>.Found(value),
                    _ => Unreadable<T>(),
                }
                : Unreadable<T>();

    public static ApiOutcome<IReadOnlyList<UpstreamGeneration>> ParseGenerations(JsonElement root) =>
        UpstreamJson.GetMember(root, "generations"u8, JsonValueKind.Array) is { } list
            ? new ApiOutcome<IReadOnlyList<UpstreamGeneration>>.Found(UpstreamGeneration.ParseAll(list))
            : Unreadable<IReadOnlyList<UpstreamGeneration>>();

    public static ApiOutcome<string> ParseUserId(JsonElement root) =>
        UpstreamJson.GetMember(root, "user_details"u8, JsonValueKind.Array) is { } details
        && details.GetArrayLength() > 0
        && UpstreamJson.GetMember(details[0], "user"u8) is { } user
        && UpstreamJson.GetId(user) is { } userId
            ? new ApiOutcome<string>.Found(userId)
            : Unreadable<string>();

    private static ApiOutcome<T> FromStatus<T>(int status, UpstreamReply reply) =>
        status switch
        {
            404 => new ApiOutcome<T>.Missing(),
            401 or 403 => new ApiOutcome<T>.Refused(
                ProblemTypes.UpstreamCredentials,
                "Leonardo refused the gateway's key. An operator has to put a valid key in place."
            ),
            429 => new ApiOutcome<T>.Refused(
                ProblemTypes.UpstreamSaturated,
                "The organisation's account has reached Leonardo's rate limit. Try again later.",
                reply.SaturatedRetryAfter
            ),
            >= 400 and < 500 => new ApiOutcome<T>.Refused(
                ProblemTypes.UpstreamRejected,
                "Leonardo refused this call without a reason that the gateway knows."
            ),
            _ => new ApiOutcome<T>.Unclear(ConnectionFailure.Answer($"status {status}")),
        };

    private static ApiOutcome<T> Unreadable<T>() => new ApiOutcome<T>.Unclear(ConnectionFailure.Answer("it could not be parsed"));
}
