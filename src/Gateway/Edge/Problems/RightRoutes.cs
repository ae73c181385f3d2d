namespace Gateway.Edge.Problems;

/// <summary>
/// What to call instead of a method that a route does not have, where code written for Leonardo calls it. A feature
/// contributes with <c>services.Configure&lt;RightRoutes&gt;</c>.
/// </summary>
internal sealed class RightRoutes
{
    private readonly List<(string Method, string Path, string Advice)> _all = [];

    /// <param name="path">Without a prefix of <see cref="RoutePrefixes"/>.</param>
    /// <param name="advice">Sentences for the detail of the 405.</param>
    public void Add(string method, string path, string advice) => _all.Add((method, path, advice));

    /// <returns>Null: there is none.</returns>
    public string? Find(HttpRequest request)
    {
        var path = request.Path.Value.AsSpan().TrimEnd('/');
        foreach (var (method, route, advice) in _all)
        {
            if (!HttpMethods.Equals(request.Method, method) || !path.EndsWith(route, StringComparison.OrdinalIgnoreCase))
                continue;
            foreach (var prefix in RoutePrefixes.All)
            {
                if (path[..^route.Length].Equals(prefix, StringComparison.OrdinalIgnoreCase))
                    return advice;
            }
        }
        return null;
    }
}
