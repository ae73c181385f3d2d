namespace Gateway.Edge.Http;

/// <summary>HEAD works wherever GET does: the handler of GET answers, and the server leaves out the body.</summary>
internal static class HeadRequests
{
    private static readonly HttpMethodMetadata GetAndHead = new([HttpMethods.Get, HttpMethods.Head]);

    /// <summary>A group whose routes for GET also take HEAD.</summary>
    public static RouteGroupBuilder MapWithHead(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("");
        ((IEndpointConventionBuilder)group).Finally(endpoint =>
        {
            // The last one counts.
            if (endpoint.Metadata.OfType<IHttpMethodMetadata>().LastOrDefault()?.HttpMethods is [var method] && HttpMethods.IsGet(method))
                endpoint.Metadata.Add(GetAndHead);
        });
        return group;
    }
}
