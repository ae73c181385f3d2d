using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json.Serialization;
using Gateway.Edge.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Gateway.Edge.Problems;

/// <summary>
/// <c>/problems/NAME</c>: what each <c>type</c> means, as HTML for a browser and JSON for others. Works offline,
/// without a tenant.
/// </summary>
internal static class ProblemEndpoints
{
    public static void MapProblemPages(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/problems", List).WithMetadata(new AllowAnonymousTenant()).ExcludeFromDescription();
        routes.MapGet("/problems/{name}", Show).WithMetadata(new AllowAnonymousTenant()).ExcludeFromDescription();
    }

    private static IResult List(HttpRequest request) =>
        WantsHtml(request)
            ? Html(
                request,
                "Problems",
                string.Concat(
                    ProblemTypes.All.Select(p =>
                        $"<li><a href=\"{ToRoot(request)}{p.Uri[1..]}\"><code>{p.Name}</code></a> – {Encode(p.Title)}</li>"
                    )
                ),
                "ul"
            )
            : TypedResults.Json(ProblemTypes.All.Select(Describe).ToArray(), ProblemPageJson.Default.ProblemDescriptionArray);

    private static IResult Show(string name, HttpRequest request)
    {
        if (ProblemTypes.All.FirstOrDefault(p => p.Name == name) is not { } type)
            return new Problem(ProblemTypes.NotFound, "There is no such problem type. GET /problems lists them.");
        return WantsHtml(request)
            ? Html(
                request,
                type.Title,
                $"<p><code>{type.Name}</code>, HTTP {type.Status}</p><p>{Encode(type.Meaning)}</p><p><a href=\"{ToRoot(request)}problems\">All problems</a></p>",
                "div"
            )
            : TypedResults.Json(Describe(type), ProblemPageJson.Default.ProblemDescription);
    }

    private static ProblemDescription Describe(ProblemType type) => new(type.Uri, type.Title, type.Status, type.Meaning);

    private static bool WantsHtml(HttpRequest request) => AcceptHeader.From(request.Headers.Accept).Names("text/html");

    private static ContentHttpResult Html(HttpRequest request, string title, string content, string element)
    {
        var page = $"""
            <!doctype html>
            <html lang="en">
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width">
            <title>{Encode(title)} – Leonardo gateway</title>
            <link rel="icon" href="{ToRoot(request)}icon.svg" type="image/svg+xml">
            <link rel="stylesheet" href="{ToRoot(request)}problems.css">
            <main>
            <h1>{Encode(title)}</h1>
            <{element}>{content}</{element}>
            </main>
            </html>
            """;
        return TypedResults.Text(page, "text/html; charset=utf-8", Encoding.UTF8);
    }

    /// <summary>
    /// Links are relative, so that a proxy may add a prefix. With a final slash, a page is one folder deeper.
    /// </summary>
    private static string ToRoot(HttpRequest request) =>
        "./" + string.Concat(Enumerable.Repeat("../", request.Path.Value!.Count(letter => letter == '/') - 1));

    private static string Encode(string text)
    {
        // Titles and meanings mark names with back-ticks, as Markdown does.
        var parts = HtmlEncoder.Default.Encode(text).Split(HtmlEncoder.Default.Encode("`"));
        return string.Concat(parts.Select((part, index) => index % 2 == 1 ? $"<code>{part}</code>" : part));
    }
}

internal sealed record ProblemDescription(string Type, string Title, int Status, string Meaning);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ProblemDescription))]
[JsonSerializable(typeof(ProblemDescription[]))]
internal sealed partial class ProblemPageJson : JsonSerializerContext;
