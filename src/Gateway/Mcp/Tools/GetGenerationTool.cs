using Gateway.Edge;
using Gateway.Edge.Problems;
using Gateway.Generations;
using Gateway.Models;
using Gateway.Quotas;
using Gateway.Results;
using ModelContextProtocol.Protocol;

namespace Gateway.Mcp.Tools;

/// <summary>A generation of the tenant, now or when it has ended.</summary>
internal sealed class GetGenerationTool(
    CompletionWaiters waiters,
    GenerationRepository generations,
    GenerationReply reply,
    TenantStreams streams
) : McpTool
{
    private static readonly NumberRange WaitRange = new(0, GenerateImageTool.MaxWaitSeconds, 0);

    public override Tool Description { get; } =
        Describe(
            "get_generation",
            "Get a generation",
            "The status and the images of a generation that generate_image began. Nothing is charged.",
            new ArgumentSchema()
                .String("id", "The id that generate_image gave.", isRequired: true)
                .Integer("wait_seconds", "How long to wait for the images; 0 if left out.", WaitRange),
            isReadOnly: true
        );

    public override async Task<CallToolResult> CallAsync(ToolCall call, ToolArguments arguments, CancellationToken cancellationToken)
    {
        var id = arguments.GetString("id");
        var wait = arguments.GetInteger("wait_seconds") ?? 0;
        if (!arguments.Has("id"))
            arguments.Json.AddError("#/id", "required", "is required");
        if (wait < WaitRange.Min || wait > WaitRange.Max)
            arguments.Json.AddError("#/wait_seconds", "out-of-range", GenerationValidator.OutOfRange(WaitRange, " (seconds)"));
        if (arguments.FindRefusal() is { } refusal)
            return ToolAnswer.From(call.Context, refusal);
        if (streams.TryOpen(call.Tenant.Id) is not { } stream)
            return ToolAnswer.From(call.Context, streams.Exceeded(call.Tenant.Id));
        call.Context.Response.RegisterForDispose(stream);
        return Uuid.Canonicalize(id) is { } known
            ? await FindAsync(call, known, TimeSpan.FromSeconds(wait), cancellationToken)
            : ToolAnswer.From(call.Context, ResultEndpoints.NotFound);
    }

    private async Task<CallToolResult> FindAsync(ToolCall call, string id, TimeSpan wait, CancellationToken cancellationToken)
    {
        var found = await call.Progress.WhileAsync(
            waiters.WaitAsync(call.Tenant, id, wait, cancellationToken),
            "Waiting for the images",
            cancellationToken
        );
        if (found is null)
            return ToolAnswer.From(call.Context, ResultEndpoints.NotFound);
        var cost = await generations.FindCostAsync(call.Tenant.Id, id, cancellationToken);
        return await reply.CreateAsync(call, id, found, cost, isReplay: false, cancellationToken);
    }
}
