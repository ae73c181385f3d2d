using System.Text.RegularExpressions;
using Gateway.Tests.Docs;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Mcp;

/// <summary>The document of the front end is complete and names what there is.</summary>
public sealed partial class McpDocumentTests
{
    [Fact]
    public void Every_row_of_the_table_of_conformance_names_tests_that_exist()
    {
        var rows = Documents
            .Read("docs/mcp.md")
            .Split("## Conformance")[1]
            .Split('\n')
            .Where(row => row.StartsWith("| ", StringComparison.Ordinal))
            .Skip(2)
            .ToList();
        rows.Count.ShouldBeGreaterThan(20);
        rows.Where(row => !TestName().IsMatch(row)).ShouldBeEmpty();
        var tests =
            from type in typeof(McpDocumentTests).Assembly.GetTypes()
            from method in type.GetMethods()
            where method.IsDefined(typeof(FactAttribute), inherit: false)
            select $"`{type.Name}.{method.Name}`";
        rows.SelectMany(row => TestName().Matches(row)).Select(name => name.Value).Except(tests, StringComparer.Ordinal).ShouldBeEmpty();
    }

    [Fact]
    public async Task Every_tool_and_every_argument_is_in_the_document()
    {
        await using var gateway = await GatewayApp.StartAsync();
        var list = await gateway.AskAsync("tools/list");
        var rows = Documents.Rows("docs/mcp.md");
        foreach (var tool in list["result"]!["tools"]!.AsArray())
        {
            var name = $"`{tool!["name"]}`";
            var row = rows.Single(cells => cells[0] == name);
            if (row[1] == "the same")
                continue;
            foreach (var (argument, _) in tool["inputSchema"]!["properties"]!.AsObject())
                row[1].ShouldContain($"`{argument}`", Case.Sensitive, name);
        }
    }

    [GeneratedRegex(@"`Mcp\w+Tests\.\w+`", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex TestName();
}
