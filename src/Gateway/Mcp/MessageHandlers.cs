using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Gateway.Mcp;

/// <summary>What answers the messages of one request: each has its own caller.</summary>
internal sealed class MessageHandlers(ToolCalls calls, McpResources resources)
{
    private const string Instructions =
        "Makes images with Leonardo.AI through this organisation's gateway. Each image is charged to the team that calls. "
        + "Use quote_image to learn a price before generate_image, and get_generation when a generation is PENDING.";

    private static readonly Implementation Server = new()
    {
        Name = "leonardo-gateway",
        Title = "Leonardo gateway",
        Version = typeof(MessageHandlers).Assembly.GetName().Version!.ToString(3),
    };

    public void Configure(McpServerOptions options, HttpContext context)
    {
        options.ServerInfo = Server;
        options.ServerInstructions = Instructions;
        var handlers = options.Handlers;
        handlers.ListToolsHandler = (_, _) => ValueTask.FromResult(calls.List());
        handlers.CallToolHandler = (request, cancellationToken) => calls.CallAsync(context, request, cancellationToken);
        handlers.ListResourcesHandler = (_, _) => ValueTask.FromResult(McpResources.List());
        handlers.ListResourceTemplatesHandler = (_, _) => ValueTask.FromResult(McpResources.ListTemplates());
        handlers.ReadResourceHandler = (request, cancellationToken) =>
            resources.ReadAsync(context, request.Params.Uri, request.Server.NegotiatedProtocolVersion, cancellationToken);
    }
}
