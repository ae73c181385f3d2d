namespace Gateway.Edge;

/// <summary>Marks an endpoint that needs no identified tenant. A test holds the complete list of such routes.</summary>
internal sealed class AllowAnonymousTenant;
