using System.Text.RegularExpressions;

namespace Gateway.Tests.Docs;

/// <summary>What the documents say of tests is so.</summary>
public sealed partial class ThreatDocumentTests
{
    /// <summary>The tests by the class that declares them, <c>Class.Test_name</c>.</summary>
    private static readonly HashSet<string> Tests =
    [
        .. typeof(ThreatDocumentTests)
            .Assembly.GetTypes()
            .SelectMany(type => type.GetMethods().Select(method => (Method: method, Type: method.DeclaringType!)))
            .Where(test => test.Method.GetCustomAttributes(typeof(FactAttribute), inherit: true).Length > 0)
            .Select(test => $"{test.Type.Name}.{test.Method.Name}"),
    ];

    [Fact]
    public void Every_test_that_a_document_names_exists()
    {
        var named = Documents
            .Files.SelectMany(file => TestName().Matches(Documents.Read(file)).Select(name => (Name: name.Groups["name"].Value, file)))
            .Distinct()
            .ToList();

        named.Count.ShouldBeGreaterThan(100);
        named.Where(test => !Tests.Contains(test.Name)).ShouldBeEmpty();
    }

    [Fact]
    public void Every_threat_names_a_test_or_says_that_it_is_open()
    {
        var threats = Documents.Rows("docs/threats.md").Where(row => row[0].StartsWith("T-", StringComparison.Ordinal)).ToList();

        threats
            .Where(row => !TestName().IsMatch(row[3]) && !row[2].Contains("**Open**", StringComparison.Ordinal))
            .Select(row => row[0])
            .ShouldBeEmpty();
    }

    [GeneratedRegex(@"`(?<name>[A-Z]\w+\.[A-Z]\w*_\w+)`", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex TestName();
}
