namespace Gateway.Edge.Documentation;

/// <summary>An operation of a document: <c>GET /v1/usage</c>.</summary>
/// <param name="Metadata">The endpoint's.</param>
internal sealed record DocumentedOperation(string Method, string Path, IReadOnlyList<object> Metadata)
{
    public bool IsAdmin => IsUnder("/admin");

    public bool Is(string method, string path) => Method == method && Path == path;

    public bool IsUnder(string prefix) => Path.StartsWith(prefix, StringComparison.Ordinal);
}
