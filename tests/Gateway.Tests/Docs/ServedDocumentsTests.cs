using System.Net;
using System.Text.RegularExpressions;
using Gateway.Docs;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Docs;

/// <summary>The documents at /docs: all of them, offline, with links that lead somewhere.</summary>
public sealed partial class ServedDocumentsTests
{
    [Fact]
    public async Task Every_document_of_the_repository_is_served_with_links_that_lead_somewhere()
    {
        await using var gateway = await GatewayApp.StartAsync();
        var names = Directory
            .GetFiles(Repository.Path("docs"), "*.md")
            .Concat(Directory.GetFiles(Repository.Root, "*.md"))
            .Where(file => file != Repository.Path("docs", "README.md"))
            .Select(file => Path.GetFileNameWithoutExtension(file).ToLowerInvariant());
        var pages = new Dictionary<string, string> { ["/docs"] = await PageAsync(gateway, "/docs") };
        foreach (var name in names)
            pages.Add($"/docs/{name}", await PageAsync(gateway, $"/docs/{name}"));

        foreach (var (path, html) in pages)
        {
            html.ShouldNotContain("<script", Case.Insensitive, path);
            html.ShouldNotContain("<!-- test", Case.Insensitive, path);
            foreach (Match link in Links().Matches(html))
            {
                var target = new Uri(new Uri(gateway.Address, path), WebUtility.HtmlDecode(link.Groups["url"].Value));
                if (target.Authority != gateway.Address.Authority)
                    continue;
                if (!pages.TryGetValue(target.AbsolutePath, out var other))
                    (await gateway.GetAsync(target.AbsolutePath)).StatusCode.ShouldBeOneOf(
                        HttpStatusCode.OK,
                        HttpStatusCode.MovedPermanently
                    );
                else if (target.Fragment.Length > 1)
                    other.ShouldContain(
                        $"id=\"{target.Fragment[1..]}\"",
                        Case.Sensitive,
                        $"{path} links to {target.PathAndQuery}{target.Fragment}"
                    );
            }
        }
        foreach (var path in pages.Keys.Skip(1))
            pages["/docs"].ShouldContain($"\"{path[1..]}\"", Case.Sensitive, "the index lists every document");
    }

    [Fact]
    public async Task A_page_can_be_asked_for_as_a_file_revalidated_and_asked_for_its_head()
    {
        await using var gateway = await GatewayApp.StartAsync();

        using var page = await gateway.GetAsync("/docs/ledger.md");
        page.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await gateway.GetAsync("/docs/ledger", ("If-None-Match", page.Headers.ETag!.Tag))).StatusCode.ShouldBe(HttpStatusCode.NotModified);
        using var head = await gateway.SendAsync(HttpMethod.Head, "/docs/ledger", null);
        head.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await head.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)).ShouldBeEmpty();
        (await gateway.GetAsync("/docs/")).Headers.Location!.OriginalString.ShouldBe("../docs");
        await (await gateway.GetAsync("/docs/nothing")).ProblemAsync(404, "not-found");
        await (await gateway.GetAsync("/docs/..%2fREADME")).ProblemAsync(404, "not-found");
    }

    [Fact]
    public void HTML_in_a_document_is_text_and_a_link_to_what_is_not_served_is_its_text()
    {
        var document = MarkdownDocumentation.Render(
            """
            # The `ledger` & more

            <!-- test: curl -->
            <b onclick="x()">bold</b> [the *script*](../deploy/backup.sh), [state](ledger.md#states), [out](https://example.com/a)
            """,
            "docs/some.md",
            file => file == "docs/ledger.md" ? "ledger" : null
        );

        document.Title.ShouldBe("The ledger & more");
        document.Html.ShouldContain("&lt;b onclick=&quot;x()&quot;&gt;bold&lt;/b&gt; the <em>script</em>, ");
        document.Html.ShouldContain("<a href=\"ledger#states\">state</a>");
        document.Html.ShouldContain("<a href=\"https://example.com/a\">out</a>");
        document.Html.ShouldNotContain("test: curl");
    }

    private static async Task<string> PageAsync(GatewayApp gateway, string path)
    {
        using var answer = await gateway.GetAsync(path);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, path);
        answer.Content.Headers.ContentType!.ToString().ShouldBe("text/html; charset=utf-8");
        answer.Headers.GetValues("Content-Security-Policy").ShouldHaveSingleItem().ShouldContain("default-src 'self'");
        answer.Headers.GetValues("X-Content-Type-Options").ShouldHaveSingleItem().ShouldBe("nosniff");
        return await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    [GeneratedRegex("(?:href|src)=\"(?<url>[^\"]*)\"", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Links();
}
