using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Net;
using System.Net.Mime;
using System.Text;
using Gateway.Edge.Content;

namespace Gateway.Docs;

/// <summary>
/// The Markdown files beside the program, in the folders of the repository. Each is rendered at its first request and
/// kept.
/// </summary>
internal sealed class DocumentLibrary
{
    private const string Folder = "docs";
    private const string IndexFile = "docs/README.md";

    private readonly string _root;

    /// <summary>
    /// By the name in the address: <c>ledger</c> → <c>docs/ledger.md</c>, <c>changelog</c> → <c>CHANGELOG.md</c>.
    /// </summary>
    private readonly FrozenDictionary<string, string> _files;

    private readonly ConcurrentDictionary<string, PreparedContent> _pages = new(StringComparer.Ordinal);
    private readonly Lazy<PreparedContent> _index;

    /// <param name="root">Holds README.md, CHANGELOG.md … and the folder docs.</param>
    public DocumentLibrary(string root)
    {
        _root = root;
        var files = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        // The documents of docs/ first: their names count.
        foreach (var file in FilesIn(Folder).Concat(FilesIn("")).Where(file => file != IndexFile))
            files.TryAdd(Path.GetFileNameWithoutExtension(file).ToLowerInvariant(), file);
        _files = files.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);
        _index = new Lazy<PreparedContent>(RenderIndex);
    }

    /// <summary>docs/README.md and a list of all documents.</summary>
    public PreparedContent Index => _index.Value;

    /// <returns>Null: there is no such document.</returns>
    public PreparedContent? Find(string name) =>
        _files.TryGetValue(name, out var file) ? _pages.GetOrAdd(file, static (file, library) => library.Render(file), this) : null;

    private IEnumerable<string> FilesIn(string folder) =>
        Directory.Exists(Path.Combine(_root, folder))
            ? Directory
                .EnumerateFiles(Path.Combine(_root, folder), "*.md")
                .Select(file => Path.Combine(folder, Path.GetFileName(file)))
                .Order(StringComparer.Ordinal)
            : [];

    private PreparedContent Render(string file)
    {
        var document = Read(file, AddressFrom);
        return Page(document.Title, document.Html, toRoot: "../");

        string? AddressFrom(string target) => target == IndexFile ? "../docs" : NameOf(target);
    }

    private PreparedContent RenderIndex()
    {
        var html = new StringBuilder();
        if (File.Exists(Path.Combine(_root, IndexFile)))
            html.Append(
                Read(
                    IndexFile,
                    target =>
                        target == IndexFile ? Folder
                        : NameOf(target) is { } name ? $"{Folder}/{name}"
                        : null
                ).Html
            );
        html.Append("<h2>All documents</h2>\n<ul>\n");
        foreach (var (name, file) in _files.OrderBy(document => document.Key, StringComparer.Ordinal))
            html.Append($"<li><a href=\"{Folder}/{name}\">{WebUtility.HtmlEncode(Read(file, NameOf).Title)}</a></li>\n");
        html.Append("</ul>\n");
        return Page("Documents", html.ToString(), toRoot: "");
    }

    private MarkdownDocumentation Read(string file, Func<string, string?> addressOf) =>
        MarkdownDocumentation.Render(File.ReadAllText(Path.Combine(_root, file)), file, addressOf);

    private string? NameOf(string file) => _files.FirstOrDefault(document => document.Value == file).Key;

    /// <param name="toRoot">
    /// From the page's folder to the gateway's root: all links are relative, so that a proxy may add a prefix.
    /// </param>
    private static PreparedContent Page(string title, string html, string toRoot) =>
        new(
            Encoding.UTF8.GetBytes(
                $"""
                <!doctype html>
                <html lang="en">
                <meta charset="utf-8">
                <meta name="viewport" content="width=device-width">
                <title>{WebUtility.HtmlEncode(title)} – Leonardo gateway</title>
                <link rel="icon" href="{toRoot}icon.svg" type="image/svg+xml">
                <link rel="stylesheet" href="{toRoot}docs.css">
                <nav><a href="{toRoot}docs">Documents</a> <a href="{(
                    toRoot.Length > 0 ? toRoot : "./"
                )}">Console</a> <a href="{toRoot}swagger">API</a></nav>
                <main>
                {html}</main>
                </html>
                """
            ),
            MediaTypeNames.Text.Html + "; charset=utf-8"
        );
}
