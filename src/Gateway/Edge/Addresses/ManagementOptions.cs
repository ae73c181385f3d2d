namespace Gateway.Edge.Addresses;

/// <param name="Port">Null: the operators' routes are on the public port.</param>
internal sealed record ManagementOptions(int? Port)
{
    public bool IsManagementPort(HttpContext context) => Port is { } port && context.Connection.LocalPort == port;

    /// <summary>Health, metrics, and everything on the management port: no rate limit applies to them.</summary>
    public bool IsMonitoring(HttpContext context) =>
        IsManagementPort(context)
        || context.Request.Path.StartsWithSegments("/health", StringComparison.OrdinalIgnoreCase)
        || context.Request.Path.StartsWithSegments("/metrics", StringComparison.OrdinalIgnoreCase);
}
