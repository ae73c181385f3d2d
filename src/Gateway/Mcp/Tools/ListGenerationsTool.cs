using System.Globalization;
using Gateway.Edge.Http;
using Gateway.Edge.Problems;
using Gateway.Models;
using Gateway.Results;
using ModelContextProtocol.Protocol;

namespace Gateway.Mcp.Tools;

/// <summary>The tenant's generations, as <c>GET /v1/generations</c>.</summary>
internal sealed class ListGenerationsTool(ResultEndpoints results) : McpTool
{
    public override Tool Description { get; } =
        Describe(
            "list_generations",
            "List generations",
            "Your team's generations, newest first, with their images.",
            new ArgumentSchema()
                .Integer("limit", $"How many; {PageRequest.DefaultSize} if left out.", new NumberRange(1, PageRequest.MaxSize))
                .String("after", "The next of an earlier list, to go on behind it."),
            isReadOnly: true
        );

    public override async Task<CallToolResult> CallAsync(ToolCall call, ToolArguments arguments, CancellationToken cancellationToken)
    {
        var limit = arguments.GetInteger("limit")?.ToString(CultureInfo.InvariantCulture);
        var after = arguments.GetString("after");
        if (arguments.FindRefusal() is { } refusal)
            return ToolAnswer.From(call.Context, refusal);
        return await results.ListAsync(call.Context, call.Caller, limit, after) switch
        {
            TenantJsonResult list => ToolAnswer.From(list.Members),
            var refused => ToolAnswer.From(call.Context, (Problem)refused),
        };
    }
}
