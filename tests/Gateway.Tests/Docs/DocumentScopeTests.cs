using System.Text.RegularExpressions;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Docs;

/// <summary>Documents are short, and name nothing that a reader cannot have.</summary>
public sealed partial class DocumentScopeTests
{
    private static readonly IReadOnlyList<string> Texts =
    [
        .. Documents.Files,
        .. Directory
            .EnumerateFiles(Repository.Path("deploy"), "*", SearchOption.AllDirectories)
            .Append(Repository.Path("docker-compose.yml"))
            .Append(Repository.Path("requests.http"))
            .Select(file => Path.GetRelativePath(Repository.Root, file)),
    ];

    [Fact]
    public void No_document_needs_anything_outside_the_repository() => Found(Workplace()).ShouldBeEmpty();

    [Fact]
    public void The_README_is_at_most_8_KB() => new FileInfo(Repository.Path("README.md")).Length.ShouldBeLessThanOrEqualTo(8_000);

    private static IEnumerable<string> Found(Regex pattern) =>
        Texts.SelectMany(file => pattern.Matches(Documents.Read(file)).Select(match => $"{file}: {match.Value}"));

    [GeneratedRegex(
        @"\.\./shared|\bshared/|\bissue \d+|(?<![\w.])/(work|home|root)/|/tmp/\w+/|\bhttps?://[\w.-]*(proxy|mirror|nexus|artifactory)",
        RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex Workplace();
}
