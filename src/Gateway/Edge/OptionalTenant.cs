namespace Gateway.Edge;

/// <summary>
/// Marks an endpoint whose unguessable address is itself the permission to use it. A caller that can be identified must
/// be the right tenant; one that presents nothing is served anonymously.
/// </summary>
internal sealed class OptionalTenant;
