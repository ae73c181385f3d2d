namespace Gateway.Edge;

/// <summary>A feature of requests that belong to no tenant.</summary>
internal sealed class AnonymousRequest
{
    public static readonly AnonymousRequest Instance = new();

    private AnonymousRequest() { }
}
