using System.Text.Json;
using Gateway.Ledger;
using Gateway.Quotas;
using Gateway.Tenants.Identification;
using Microsoft.AspNetCore.Http.HttpResults;
using ModelContextProtocol.Protocol;

namespace Gateway.Mcp.Tools;

/// <summary>What is left and what was spent, as <c>GET /v1/usage</c>.</summary>
internal sealed class QuotaTool(QuotaLedger ledger, TenantBounds bounds) : McpTool
{
    public override Tool Description { get; } =
        Describe(
            "quota",
            "See quotas",
            "Which team you are taken for, what is left of its quotas, and what it has spent today and this month.",
            new ArgumentSchema(),
            isReadOnly: true
        );

    public override async Task<CallToolResult> CallAsync(ToolCall call, ToolArguments arguments, CancellationToken cancellationToken) =>
        arguments.FindRefusal() is { } refusal
            ? ToolAnswer.From(call.Context, refusal)
            : ToolAnswer.From(await ReadAsync(call.Caller, cancellationToken));

    public async Task<JsonElement> ReadAsync(Caller caller, CancellationToken cancellationToken)
    {
        var usage = (JsonHttpResult<UsageReport>)await UsageEndpoint.GetAsync(caller, ledger, bounds, cancellationToken);
        return JsonSerializer.SerializeToElement(usage.Value!, UsageJson.Default.UsageReport);
    }
}
