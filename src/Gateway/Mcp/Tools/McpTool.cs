using ModelContextProtocol.Protocol;

namespace Gateway.Mcp.Tools;

/// <summary>One tool that a model can call.</summary>
internal abstract class McpTool
{
    /// <summary>Name, description, arguments and hints, as hosts list them.</summary>
    public abstract Tool Description { get; }

    /// <returns>The result, or a refusal as a result.</returns>
    /// <exception cref="ModelContextProtocol.McpProtocolException">An argument has a wrong type.</exception>
    public abstract Task<CallToolResult> CallAsync(ToolCall call, ToolArguments arguments, CancellationToken cancellationToken);

    /// <param name="title">For people.</param>
    /// <param name="isReadOnly">It changes and charges nothing.</param>
    protected static Tool Describe(string name, string title, string description, ArgumentSchema arguments, bool isReadOnly) =>
        new()
        {
            Name = name,
            Title = title,
            Description = description,
            InputSchema = arguments.ToJson(),
            Annotations = new ToolAnnotations
            {
                Title = title,
                ReadOnlyHint = isReadOnly,
                DestructiveHint = false,
                OpenWorldHint = false,
            },
        };
}
