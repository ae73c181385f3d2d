using System.Text.Json;
using Gateway.Edge.Http;
using Gateway.Edge.Problems;
using ModelContextProtocol.Protocol;
using RequestId = Gateway.Edge.Http.RequestId;

namespace Gateway.Mcp;

/// <summary>The result of a call, in the forms of the protocol.</summary>
internal static class ToolAnswer
{
    public const string JsonType = "application/json";

    /// <summary>As structured content, and as text for hosts that read only text.</summary>
    /// <param name="members">Writes the members of an object.</param>
    public static CallToolResult From(Action<Utf8JsonWriter> members) => From(ToJson(members));

    public static CallToolResult From(JsonElement json) =>
        new() { Content = [new TextContentBlock { Text = json.GetRawText() }], StructuredContent = json };

    /// <summary>A refusal: the model reads it, and may correct its call.</summary>
    public static CallToolResult From(HttpContext context, Problem problem)
    {
        // For the log and the metrics.
        context.Features.Set(problem);
        var text = new TextContentBlock { Text = $"{problem.Type.Title}. {problem.Detail}" };
        return new CallToolResult
        {
            IsError = true,
            Content = problem.Errors.Count == 0 ? [text] : [text, new TextContentBlock { Text = Describe(problem.Errors) }],
            StructuredContent = ToJson(json => Write(json, context, problem)),
        };
    }

    /// <param name="members">Writes the members of an object.</param>
    public static JsonElement ToJson(Action<Utf8JsonWriter> members)
    {
        using var buffer = JsonBuffer.Rent();
        buffer.Json.WriteStartObject();
        members(buffer.Json);
        buffer.Json.WriteEndObject();
        return JsonElement.Parse(buffer.Written);
    }

    /// <summary>The native problem; its header Retry-After is a member beside it.</summary>
    public static void Write(Utf8JsonWriter json, HttpContext context, Problem problem)
    {
        json.WritePropertyName("problem"u8);
        problem.Write(json, RequestId.Get(context));
        if (problem.RetryAfter is { } seconds)
            json.WriteNumber("retryAfter"u8, seconds);
    }

    private static string Describe(IReadOnlyList<Violation> errors) =>
        string.Join('\n', errors.Take(20).Select(error => $"{error.Pointer} {error.Detail}"));
}
