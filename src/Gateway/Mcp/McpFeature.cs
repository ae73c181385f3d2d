using Gateway.Edge.Http;
using Gateway.Edge.Problems;
using Gateway.Mcp.Tools;
using Gateway.Tenants.Identification;

namespace Gateway.Mcp;

/// <summary>
/// The front end for hosts of language models: the Model Context Protocol at <c>/mcp</c>, streamable HTTP without
/// sessions (docs/mcp.md).
/// </summary>
internal static class McpFeature
{
    public const string Path = "/mcp";

    public static void AddMcp(this IServiceCollection services)
    {
        services.AddSingleton<MessageMemory>();
        services.AddSingleton<MessageReader>();
        services.AddSingleton<GenerationArguments>();
        services.AddSingleton<GenerationReply>();
        services.AddSingleton<ImageContent>();
        services.AddSingleton<McpTool, GenerateImageTool>();
        services.AddSingleton<McpTool, QuoteImageTool>();
        services.AddSingleton<McpTool, GetGenerationTool>();
        services.AddSingleton<McpTool, ListGenerationsTool>();
        services.AddSingleton<McpTool, ListModelsTool>();
        services.AddSingleton<QuotaTool>();
        services.AddSingleton<McpTool>(provider => provider.GetRequiredService<QuotaTool>());
        services.AddSingleton<McpTool, UploadReferenceTool>();
        services.AddSingleton<McpTool, DeleteGenerationTool>();
        services.AddSingleton<ToolCalls>();
        services.AddSingleton<McpResources>();
        services.AddSingleton<MessageHandlers>();
        services
            .AddMcpServer()
            .WithHttpTransport(transport =>
            {
                transport.Stateless = true;
                // Without sessions it is called for each request.
                transport.ConfigureSessionOptions = static (context, options, _) =>
                {
                    context.RequestServices.GetRequiredService<MessageHandlers>().Configure(options, context);
                    return Task.CompletedTask;
                };
            });
    }

    public static void MapMcpServer(this IEndpointRouteBuilder routes)
    {
        var reader = routes.ServiceProvider.GetRequiredService<MessageReader>();
        routes
            .MapMcp(Path)
            .WithMetadata(new ExcludeFromDescriptionAttribute(), new PlaceholderCredentials())
            .Add(endpoint =>
            {
                var next = endpoint.RequestDelegate!;
                endpoint.RequestDelegate = context => reader.ReadAsync(context, next);
            });
        // Mapped, because the server's own refusal of a method knows no placeholder, and clients end over its 401.
        routes.Map(Path, RefuseMethod).WithMetadata(new ExcludeFromDescriptionAttribute(), new PlaceholderCredentials());
    }

    private static Problem RefuseMethod(HttpContext context)
    {
        if (HttpMethods.IsPost(context.Request.Method))
            return RequestBody.NotJson;
        context.Response.Headers.Allow = HttpMethods.Post;
        return new Problem(
            ProblemTypes.MethodNotAllowed,
            "Messages are sent with POST. There are no sessions, so there is nothing to read or to end here. Nothing was reserved or sent."
        );
    }
}
