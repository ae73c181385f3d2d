using System.Text.Json.Nodes;
using Gateway.Tests.Harness;

namespace Gateway.Tests.OpenApi;

/// <summary>The documents that a gateway serves, and what is searched for in them.</summary>
internal static class ServedDocuments
{
    public static readonly string[] Paths = ["/openapi/v1.json", "/openapi/admin.json", "/swagger/v1/swagger.json"];

    public static async Task<JsonNode> ReadDocumentAsync(this GatewayApp gateway, string path) =>
        await (await gateway.GetAsync(path)).JsonAsync();

    /// <summary>By method, path and operation.</summary>
    public static IEnumerable<(string Name, JsonNode Node)> OperationsOf(JsonNode document) =>
        document["paths"]!
            .AsObject()
            .SelectMany(path => path.Value!.AsObject().Select(operation => ($"{operation.Key} {path.Key}", operation.Value!)));

    /// <summary>The node and everything in it.</summary>
    public static IEnumerable<JsonNode> Everything(JsonNode? node) =>
        node switch
        {
            JsonObject members => members.SelectMany(member => Everything(member.Value)).Prepend(node),
            JsonArray items => items.SelectMany(Everything).Prepend(node),
            null => [],
            _ => [node],
        };

    /// <summary>The schemas that are used below a node, each with its name if it has one.</summary>
    public static Dictionary<string, JsonObject> SchemasUsedBy(JsonNode document, IEnumerable<JsonNode?> nodes)
    {
        var found = new Dictionary<string, JsonObject>(StringComparer.Ordinal);
        var open = new Queue<JsonNode?>(nodes);
        while (open.TryDequeue(out var node))
        {
            foreach (var reference in Everything(node).OfType<JsonObject>().Select(one => one["$ref"]).OfType<JsonValue>())
            {
                var name = reference.GetValue<string>();
                if (!name.StartsWith("#/components/schemas/", StringComparison.Ordinal))
                    continue;
                var schema = document["components"]!["schemas"]![name.Split('/')[^1]]!.AsObject();
                if (found.TryAdd(name.Split('/')[^1], schema))
                    open.Enqueue(schema);
            }
        }
        return found;
    }
}
