using Gateway.Generations;
using ModelContextProtocol.Protocol;

namespace Gateway.Mcp.Tools;

/// <summary>What a request would cost, as <c>POST /v2/generations/quote</c>.</summary>
internal sealed class QuoteImageTool(GenerationArguments reader, QuoteGeneration quotes) : McpTool
{
    public override Tool Description { get; } =
        Describe(
            "quote_image",
            "Ask for the price of images",
            "What generate_image would cost with the same arguments, whether your team's quotas allow it now, and what is left of them. Nothing is made or charged.",
            GenerationSchema.Create(),
            isReadOnly: true
        );

    public override async Task<CallToolResult> CallAsync(ToolCall call, ToolArguments arguments, CancellationToken cancellationToken)
    {
        var (request, _, refusal) = await reader.ReadAsync(arguments, call.Tenant, cancellationToken);
        if ((request is null ? refusal : request.Refusal) is { } refused)
            return ToolAnswer.From(call.Context, refused.ToProblem());
        return ToolAnswer.From(new QuoteJson(await quotes.QuoteAsync(request!.Request, call.Tenant, cancellationToken)).WriteMembers);
    }
}
