using System.Net.Mime;
using Gateway.Edge;
using Gateway.Edge.Problems;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;

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
            : Page(context, library.Index);

    private static IResult Show(string name, HttpContext context, DocumentLibrary library) =>
        library.Find(name.EndsWith(".md", StringComparison.OrdinalIgnoreCase) ? name[..^3] : name) is { } page
            ? Page(context, page)
            : new Problem(ProblemTypes.NotFound, "There is no such document. GET /docs lists them.");

    private static FileContentHttpResult Page(HttpContext context, DocumentPage page)
    {
        context.Response.Headers.CacheControl = "no-cache";
        return TypedResults.Bytes(page.Html, MediaTypeNames.Text.Html + "; charset=utf-8", entityTag: new EntityTagHeaderValue(page.ETag));
    }
}
