namespace Gateway.Edge;

/// <summary>Says of an endpoint which request header it understands, for the OpenAPI document.</summary>
internal sealed record TakesHeader(string Name, string Description, string Example);
