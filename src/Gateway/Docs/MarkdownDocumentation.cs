using System.Text.RegularExpressions;
using Markdig;
using Markdig.Extensions.AutoIdentifiers;
using Markdig.Renderers;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace Gateway.Docs;

/// <summary>One Markdown file as HTML, without the page around it. HTML in it is shown as text.</summary>
internal sealed partial record MarkdownDocumentation(string Title, string Html)
{
    private static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder()
        .DisableHtml()
        .UsePipeTables()
        .UseAutoIdentifiers(AutoIdentifierOptions.GitHub)
        .Build();

    /// <param name="file">Where the file is in the repository: links are relative to it.</param>
    /// <param name="addressOf">The address of another file of the repository; null: it is not served.</param>
    public static MarkdownDocumentation Render(string markdown, string file, Func<string, string?> addressOf)
    {
        var document = Markdown.Parse(Comments().Replace(markdown, ""), Pipeline);
        foreach (var link in document.Descendants<LinkInline>().ToArray())
            Resolve(link, file, addressOf);
        using var html = new StringWriter { NewLine = "\n" };
        var renderer = new HtmlRenderer(html);
        Pipeline.Setup(renderer);
        renderer.Render(document);
        return new MarkdownDocumentation(TitleOf(document) ?? Path.GetFileNameWithoutExtension(file), html.ToString());
    }

    /// <summary>
    /// Points a link to the page of the document that it names. One to a file that is not served becomes its text.
    /// </summary>
    private static void Resolve(LinkInline link, string file, Func<string, string?> addressOf)
    {
        var url = link.Url ?? "";
        if (url is ['#' or '/', ..] || Uri.TryCreate(url, UriKind.Absolute, out _))
            return;
        var (path, fragment) = url.IndexOf('#', StringComparison.Ordinal) is >= 0 and var hash ? (url[..hash], url[hash..]) : (url, "");
        var target = Path.GetFullPath(Path.Combine("/", Path.GetDirectoryName(file) ?? "", path))[1..];
        if (addressOf(target) is { } address)
            link.Url = address + fragment;
        else
            link.ReplaceBy(new ContainerInline(), copyChildren: true);
    }

    private static string? TitleOf(MarkdownDocument document)
    {
        if (document.Descendants<HeadingBlock>().FirstOrDefault() is not { Inline: { } heading })
            return null;
        using var text = new StringWriter();
        var renderer = new HtmlRenderer(text) { EnableHtmlForInline = false, EnableHtmlEscape = false };
        renderer.Render(heading);
        return text.ToString();
    }

    /// <summary>Comments on lines of their own mark blocks for tests.</summary>
    [GeneratedRegex(@"^<!--.*?-->[ ]*\n", RegexOptions.Multiline | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Comments();
}
