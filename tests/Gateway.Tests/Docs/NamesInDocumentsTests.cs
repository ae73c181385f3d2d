using System.Text.RegularExpressions;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Docs;

/// <summary>Files, folders and classes that documents name exist: a rename leaves no wrong instruction.</summary>
public sealed partial class NamesInDocumentsTests
{
    [Fact]
    public void Every_file_and_folder_that_a_document_names_exists()
    {
        var named = Documents
            .Files.SelectMany(file =>
                FileName().Matches(Documents.Read(file)).Select(name => (Name: name.Groups["name"].Value.TrimEnd('.', '/'), file))
            )
            .Where(named => !Placeholder().IsMatch(named.Name))
            .Distinct()
            .ToList();

        named.Count.ShouldBeGreaterThan(40);
        named.Where(named => !Exists(named.Name)).ShouldBeEmpty();
    }

    [Fact]
    public void Every_class_and_namespace_of_a_command_has_tests()
    {
        var types = typeof(NamesInDocumentsTests).Assembly.GetTypes().Where(type => type.IsPublic).ToList();
        var known = types.Select(type => type.FullName!).Concat(types.Select(type => type.Namespace!)).ToHashSet(StringComparer.Ordinal);

        Documents
            .Files.SelectMany(file => Filter().Matches(Documents.Read(file)).Select(filter => (filter.Groups["name"].Value, file)))
            .Where(filter => !known.Contains(filter.Value))
            .ShouldBeEmpty();
    }

    [Fact]
    public void The_table_of_folders_shows_every_folder_and_no_other()
    {
        var documented = Documents
            .Rows("docs/architecture.md")
            .SelectMany(row => FolderName().Matches(row[0]).Select(folder => folder.Groups["name"].Value))
            .Where(folder => folder != "wwwroot");

        documented
            .Order(StringComparer.Ordinal)
            .ShouldBe(
                Repository
                    .Sources("src/Gateway")
                    .Select(file => Path.GetRelativePath(Repository.Path("src/Gateway"), Path.GetDirectoryName(file)!))
                    .Where(folder => folder != ".")
                    .Distinct(StringComparer.Ordinal)
                    .Order(StringComparer.Ordinal)
            );
    }

    /// <summary>Paths from the root, and as a short form paths within src/Gateway.</summary>
    private static bool Exists(string name) => Path.Exists(Repository.Path(name)) || Path.Exists(Repository.Path("src/Gateway", name));

    [GeneratedRegex(
        @"(?<![\w/.-])(?<name>((src|tests|deploy|openapi|docs|\.ci|\.github)/|[A-Z]\w+/[\w/]*\.cs)[\w./-]*)",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex FileName();

    [GeneratedRegex(@"Xyz|NNNN|/bin/|^deploy/secrets|…", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Placeholder();

    [GeneratedRegex(
        @"-(class|namespace) (?<name>Gateway\.Tests[\w.]*)",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex Filter();

    [GeneratedRegex(@"`(?<name>[A-Za-z]+(/[A-Za-z]+)*)/`", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex FolderName();
}
