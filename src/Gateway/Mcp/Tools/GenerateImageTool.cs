using Gateway.Edge.Http;
using Gateway.Edge.Problems;
using Gateway.Generations;
using Gateway.Quotas;
using Gateway.Results;
using ModelContextProtocol.Protocol;

namespace Gateway.Mcp.Tools;

/// <summary>Makes images, and waits for them as long as hosts wait for a result.</summary>
internal sealed class GenerateImageTool(
    GenerationArguments reader,
    CreateGeneration generations,
    GenerationReply reply,
    TenantStreams streams,
    TimeProvider time
) : McpTool
{
    /// <summary>Hosts give up after 60 seconds.</summary>
    public const int MaxWaitSeconds = 45;

    private const string RepeatAdvice =
        " Call generate_image again with the same arguments and the same idempotency_key to get the outcome once it is known: "
        + "it is not sent again, and not charged again.";

    public override Tool Description { get; } =
        Describe(
            "generate_image",
            "Generate images",
            $"Makes images with Leonardo and waits up to {MaxWaitSeconds} seconds for them. Each image is charged to your team, also one that you do not use: "
                + "quote_image says the price and charges nothing. If the status is PENDING, call get_generation with the id; another call of generate_image would be charged again.",
            GenerationSchema.Create(),
            isReadOnly: false
        );

    public override async Task<CallToolResult> CallAsync(ToolCall call, ToolArguments arguments, CancellationToken cancellationToken)
    {
        var (request, key, refusal) = await reader.ReadAsync(arguments, call.Tenant, cancellationToken);
        if (request is null)
            return ToolAnswer.From(call.Context, refusal!.ToProblem());
        if (streams.TryOpen(call.Tenant.Id) is not { } stream)
            return ToolAnswer.From(call.Context, streams.Exceeded(call.Tenant.Id));
        // Until the images have been sent: a slow host holds one of its tenant's streams.
        call.Context.Response.RegisterForDispose(stream);
        request = request.From(call.Context, call.Caller.User);
        var result = await call.Progress.WhileAsync(
            generations.CreateAsync(request, call.Tenant, key, TimeSpan.FromSeconds(MaxWaitSeconds), cancellationToken),
            "Waiting for the images",
            cancellationToken
        );
        if (result is not CreationResult.Settled settled)
            return ToolAnswer.From(call.Context, ToProblem(result));
        return result.Answer is { } answer
            ? await AnswerAsync(call, settled, answer, cancellationToken)
            : await ReplyAsync(call, settled, cancellationToken);
    }

    private async Task<CallToolResult> AnswerAsync(
        ToolCall call,
        CreationResult.Settled settled,
        PendingAnswer answer,
        CancellationToken cancellationToken
    )
    {
        try
        {
            var complete = await ReplyAsync(call, settled, cancellationToken);
            AnswerReport.AttachToStream(call.Context, answer, time);
            return complete;
        }
        catch
        {
            await answer.HangUpAsync();
            throw;
        }
    }

    private Task<CallToolResult> ReplyAsync(ToolCall call, CreationResult.Settled settled, CancellationToken cancellationToken)
    {
        var settlement = settled.Settlement;
        return reply.CreateAsync(
            call,
            settlement.GenerationId,
            settled.Generation,
            new GenerationCost(settlement.CostMicros, settlement.CostAmount, settlement.CostUnit),
            settled.IsReplay,
            cancellationToken
        );
    }

    private static Problem ToProblem(CreationResult result)
    {
        var problem = GenerationAnswer.ToProblem(result);
        return problem.Type == ProblemTypes.OutcomeUnknown ? problem with { Detail = problem.Detail + RepeatAdvice } : problem;
    }
}
