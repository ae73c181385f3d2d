using System.Text.Json.Nodes;

namespace Gateway.Tests.Docs;

public sealed class ApiDocumentTests
{
    [Fact]
    public void Every_route_of_the_OpenAPI_documents_is_in_a_table_of_routes()
    {
        var cells = ((string[])["docs/api.md", "docs/operating.md"]).SelectMany(Documents.Rows).Select(row => row[0]).ToList();

        ((string[])["openapi/v1.json", "openapi/admin.json"])
            .SelectMany(file => JsonNode.Parse(Documents.Read(file))!["paths"]!.AsObject())
            .Select(path => path.Key)
            .Where(path =>
                !cells.Any(cell =>
                    cell.Contains($" {path}`", StringComparison.Ordinal) || cell.Contains($" {path}?", StringComparison.Ordinal)
                )
            )
            .ShouldBeEmpty();
    }
}
