using System.Text.Json;
using Gateway.Models;
using Gateway.Tenants.Identification;
using ModelContextProtocol.Protocol;

namespace Gateway.Mcp.Tools;

/// <summary>The models that the tenant may use, as <c>GET /v2/models</c>.</summary>
internal sealed class ListModelsTool : McpTool
{
    public override Tool Description { get; } =
        Describe(
            "list_models",
            "List models",
            "The models that your team may use, with their limits, aspect ratios, styles and prices.",
            new ArgumentSchema(),
            isReadOnly: true
        );

    public override Task<CallToolResult> CallAsync(ToolCall call, ToolArguments arguments, CancellationToken cancellationToken) =>
        Task.FromResult(
            arguments.FindRefusal() is { } refusal ? ToolAnswer.From(call.Context, refusal) : ToolAnswer.From(Read(call.Caller))
        );

    public static JsonElement Read(Caller caller) =>
        JsonSerializer.SerializeToElement(ModelsEndpoint.List(caller).Value!, ModelJson.Default.ModelList);
}
