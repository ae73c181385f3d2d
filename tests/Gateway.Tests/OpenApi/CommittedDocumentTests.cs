using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Tests.Harness;

namespace Gateway.Tests.OpenApi;

/// <summary>The documents are committed, so that every change of them is visible in review.</summary>
public sealed class CommittedDocumentTests(GatewayFixture fixture) : IClassFixture<GatewayFixture>
{
    /// <summary>Set by <c>tests/openapi.sh</c>: write the file instead of comparing it.</summary>
    internal const string Write = "GATEWAY_WRITE_OPENAPI";

    private static readonly JsonSerializerOptions Pretty = new()
    {
        WriteIndented = true,
        // One member a line, for review, and as small as what is served.
        IndentSize = 0,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    [Theory]
    [InlineData("v1.json")]
    [InlineData("admin.json")]
    public async Task The_committed_document_is_the_one_the_gateway_serves(string name)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var file = Repository.Path("openapi", name);
        var document = await (await fixture.Gateway.GetAsync("/openapi/" + name)).JsonAsync();
        // Where a fresh clone listens, not this gateway.
        document["servers"]![0]!["url"] = "http://127.0.0.1:8080";
        var served = InOrder(document)!.ToJsonString(Pretty) + "\n";
        if (Environment.GetEnvironmentVariable(Write) is not null)
            await File.WriteAllTextAsync(file, served, cancellationToken);

        var committed = await File.ReadAllTextAsync(file, cancellationToken);

        FirstDifference(committed, served)
            .ShouldBeNull("The gateway serves another document than the file in openapi/. Run tests/openapi.sh and commit the file.");
    }

    /// <summary>
    /// Sorted, so that moving a declaration in the code changes nothing. Not the examples: tools take the first one.
    /// </summary>
    private static JsonNode? InOrder(JsonNode? node, string? name = null) =>
        node switch
        {
            JsonObject members => new JsonObject(
                members
                    .OrderBy(member => name == "examples" ? "" : member.Key, StringComparer.Ordinal)
                    .Select(member => KeyValuePair.Create(member.Key, InOrder(member.Value, member.Key)))
            ),
            JsonArray items => new JsonArray([.. items.Select(item => InOrder(item))]),
            _ => node?.DeepClone(),
        };

    private static string? FirstDifference(string committed, string served) =>
        committed
            .Split('\n')
            .Zip(served.Split('\n'))
            .Index()
            .Where(line => line.Item.First != line.Item.Second)
            .Select(line => $"line {line.Index + 1}: {line.Item.First.Trim()} is served as {line.Item.Second.Trim()}")
            .FirstOrDefault()
        ?? (committed == served ? null : "one is longer than the other");
}
