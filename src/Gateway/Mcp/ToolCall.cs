using Gateway.Tenants;
using Gateway.Tenants.Identification;

namespace Gateway.Mcp;

/// <summary>One call of a tool, and who makes it.</summary>
internal sealed record ToolCall(HttpContext Context, Caller Caller, Progress Progress)
{
    public Tenant Tenant => Caller.Tenant;
}
