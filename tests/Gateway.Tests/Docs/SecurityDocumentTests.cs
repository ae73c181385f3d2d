using System.Text.RegularExpressions;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Docs;

public sealed partial class SecurityDocumentTests
{
    [Fact]
    public void Every_test_that_SECURITY_md_names_exists()
    {
        var tests = typeof(SecurityDocumentTests)
            .Assembly.GetTypes()
            .SelectMany(type => type.GetMethods())
            .Where(method => method.GetCustomAttributes(typeof(FactAttribute), inherit: true).Length > 0)
            .Select(method => method.Name)
            .ToHashSet(StringComparer.Ordinal);
        var named = TestName()
            .Matches(File.ReadAllText(Repository.Path("SECURITY.md")))
            .Select(name => name.Groups["name"].Value)
            .Distinct()
            .ToArray();
        named.Length.ShouldBeGreaterThan(20);
        named.Where(name => !tests.Contains(name)).ShouldBeEmpty();
    }

    [Fact]
    public void Every_risk_of_the_OWASP_list_has_a_test_in_its_row()
    {
        var rows = File.ReadLines(Repository.Path("SECURITY.md"))
            .Where(line => line.StartsWith("| API", StringComparison.Ordinal))
            .ToArray();
        rows.Select(row => row.Split('|')[1].Trim()).ShouldBe(Enumerable.Range(1, 10).Select(number => $"API{number}"));
        rows.ShouldAllBe(row => TestName().IsMatch(row));
    }

    [GeneratedRegex(
        "`(?<name>[A-Z][A-Za-z0-9]*(_[A-Za-z0-9]+)+)`",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex TestName();
}
