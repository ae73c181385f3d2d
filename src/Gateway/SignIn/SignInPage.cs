using System.Text;
using System.Text.Encodings.Web;
using Gateway.Edge.Http;
using Gateway.Edge.Problems;

namespace Gateway.SignIn;

/// <summary>
/// A refusal of the sign-in, for the person who waits for it: a page with the way on. Programs that ask for JSON get
/// the problem.
/// </summary>
internal static class SignInPage
{
    public static void Use(HttpContext context) => context.Features.Set(new ProblemForm(WriteAsync));

    /// <param name="links">What the person can choose instead of signing in again: text and relative address.</param>
    public static void Offer(HttpContext context, IReadOnlyList<(string Text, string Address)> links) =>
        context.Features.Set(new Choices(links));

    private static Task WriteAsync(HttpContext context, Problem problem)
    {
        var accept = AcceptHeader.From(context.Request.Headers.Accept);
        // The person who came back without being signed in has a browser, whatever it accepts.
        var isPage = accept.Names("text/html") || (problem.Type == ProblemTypes.Unidentified && !accept.Names("application/problem+json"));
        if (!isPage)
            return JsonResponse.WriteAsync(context, "application/problem+json", json => problem.Write(json, RequestId.Get(context)));
        var links = context.Features.Get<Choices>()?.Links ?? [("Sign in again", "signin"), ("The console", "./")];
        var items = string.Concat(links.Select(link => $"<li><a href=\"{Encode(link.Address)}\">{Encode(link.Text)}</a></li>"));
        var page = $"""
            <!doctype html>
            <html lang="en">
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width">
            <title>Not signed in – Leonardo gateway</title>
            <link rel="icon" href="icon.svg" type="image/svg+xml">
            <link rel="stylesheet" href="problems.css">
            <main>
            <h1>Not signed in</h1>
            <p>{Encode(problem.Detail)}</p>
            <ul>{items}</ul>
            </main>
            </html>
            """;
        context.Response.ContentType = "text/html; charset=utf-8";
        return context.Response.WriteAsync(page, Encoding.UTF8, context.RequestAborted);
    }

    private static string Encode(string text) => HtmlEncoder.Default.Encode(text);

    private sealed record Choices(IReadOnlyList<(string Text, string Address)> Links);
}
