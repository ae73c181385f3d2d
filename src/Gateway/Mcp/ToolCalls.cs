using System.Collections.Frozen;
using Gateway.Edge;
using Gateway.Edge.Logging;
using Gateway.Edge.Problems;
using Gateway.Mcp.Tools;
using Gateway.Tenants.Identification;
using Microsoft.AspNetCore.Http.Features;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Gateway.Mcp;

/// <summary><c>tools/list</c> and <c>tools/call</c>.</summary>
internal sealed partial class ToolCalls(IEnumerable<McpTool> tools, TimeProvider time, ILogger<ToolCalls> log)
{
    private readonly FrozenDictionary<string, McpTool> _byName = tools.ToFrozenDictionary(
        tool => tool.Description.Name,
        StringComparer.Ordinal
    );

    private readonly List<Tool> _descriptions = [.. tools.Select(tool => tool.Description)];

    public ListToolsResult List() => new() { Tools = _descriptions };

    public async ValueTask<CallToolResult> CallAsync(
        HttpContext context,
        RequestContext<CallToolRequestParams> request,
        CancellationToken cancellationToken
    )
    {
        var parameters = request.Params;
        if (!_byName.TryGetValue(parameters.Name, out var tool))
            throw new McpProtocolException(
                $"There is no such tool. There are {string.Join(", ", _descriptions.Select(one => one.Name))}.",
                McpErrorCode.InvalidParams
            );
        RequestEvent.Current?.Tool = tool.Description.Name;
        var call = new ToolCall(
            context,
            context.Features.GetRequiredFeature<Caller>(),
            new Progress(request.Server, parameters.ProgressToken, time)
        );
        try
        {
            return await tool.CallAsync(call, new ToolArguments(parameters.Arguments), cancellationToken);
        }
        catch (StoreUnavailableException exception)
        {
            Log.StoreUnavailable(log, exception);
            return ToolAnswer.From(context, StoreUnavailableException.ToProblem());
        }
        catch (Exception exception)
            when (exception is not McpProtocolException
                && !(exception is OperationCanceledException && cancellationToken.IsCancellationRequested)
            )
        {
            Log.CallFailed(log, exception);
            return ToolAnswer.From(
                context,
                new Problem(
                    ProblemTypes.Internal,
                    "The gateway has a bug. Whether anything was charged is shown by the tool quota. Give the traceId to the operator, who finds the cause in the log."
                )
            );
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "The store is unavailable: a call of a tool was refused")]
        public static partial void StoreUnavailable(ILogger log, Exception exception);

        [LoggerMessage(
            Level = LogLevel.Error,
            Message = "A call of a tool failed by a bug of the gateway. Its host got the problem internal. Please report it with this entry"
        )]
        public static partial void CallFailed(ILogger log, Exception exception);
    }
}
