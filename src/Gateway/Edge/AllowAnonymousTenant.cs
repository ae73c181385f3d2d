namespace Gateway.Edge;

/// <summary>Marks an endpoint that answers without knowing the tenant. The list of such routes is short, and a test holds it.</summary>
internal sealed class AllowAnonymousTenant;
