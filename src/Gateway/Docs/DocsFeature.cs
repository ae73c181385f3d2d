using Gateway.Edge;
using Gateway.Edge.Problems;

namespace Gateway.Docs;

/// <summary><c>/docs</c>: the documents of the repository as pages. They need no network and no tenant.</summary>
internal static class DocsFeature
{
    private static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Head];

    public static void AddDocs(this IServiceCollection services) =>
        services.AddSingleton(_ => new DocumentLibrary(Path.Combine(AppContext.BaseDirectory, "documents")));

    public static void MapDocs(this IEndpointRouteBuilder routes)
    {
        Map("/docs", ShowIndex);
        Map("/docs/{name}", Show);

        void Map(string path, Delegate handler) =>
            routes.MapMethods(path, Methods, handler).WithMetadata(new AllowAnonymousTenant()).ExcludeFromDescription();
    }

    private static IResult ShowIndex(HttpContext context, DocumentLibrary library) =>
        // The links on it are relative.
        context.Request.Path.Value
            is [.., '/']
            ? TypedResults.Redirect("../docs")
            : library.Index;

    private static IResult Show(string name, DocumentLibrary library) =>
        library.Find(name.EndsWith(".md", StringComparison.OrdinalIgnoreCase) ? name[..^3] : name) is { } page
            ? page
            : new Problem(ProblemTypes.NotFound, "There is no such document. GET /docs lists them.");
}
