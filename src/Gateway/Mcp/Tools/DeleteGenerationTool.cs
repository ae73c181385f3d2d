using Gateway.Edge.Problems;
using Gateway.Results;
using ModelContextProtocol.Protocol;

namespace Gateway.Mcp.Tools;

/// <summary>Deletes a generation and its images, as <c>DELETE /v1/generations/{id}</c>.</summary>
internal sealed class DeleteGenerationTool(ResultEndpoints results) : McpTool
{
    public override Tool Description { get; } = Create();

    public override async Task<CallToolResult> CallAsync(ToolCall call, ToolArguments arguments, CancellationToken cancellationToken)
    {
        var id = arguments.GetString("id");
        if (!arguments.Has("id"))
            arguments.Json.AddError("#/id", "required", "is required");
        if (arguments.FindRefusal() is { } refusal)
            return ToolAnswer.From(call.Context, refusal);
        return await results.DeleteAsync(call.Context, call.Caller, id!) is Problem refused
            ? ToolAnswer.From(call.Context, refused)
            : ToolAnswer.From(json => json.WriteString("deleted"u8, id));
    }

    private static Tool Create()
    {
        var tool = Describe(
            "delete_generation",
            "Delete a generation",
            "Deletes a generation and its images, here and at Leonardo. It cannot be undone, and nothing is paid back.",
            new ArgumentSchema().String("id", "The id of the generation.", isRequired: true),
            isReadOnly: false
        );
        tool.Annotations!.DestructiveHint = true;
        tool.Annotations.IdempotentHint = true;
        return tool;
    }
}
