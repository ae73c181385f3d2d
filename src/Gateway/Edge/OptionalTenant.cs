namespace Gateway.Edge;

/// <summary>Marks an endpoint whose address cannot be guessed and is the right to use it. A caller that is known must be the right one; one that presents nothing need not be known.</summary>
internal sealed class OptionalTenant;
