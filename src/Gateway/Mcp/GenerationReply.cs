using System.Text.Json;
using Gateway.Edge.Addresses;
using Gateway.Generations;
using Gateway.Ledger;
using Gateway.Leonardo.Replies;
using Gateway.Results;
using ModelContextProtocol.Protocol;

namespace Gateway.Mcp;

/// <summary>The result of <c>generate_image</c> and <c>get_generation</c>.</summary>
internal sealed class GenerationReply(QuotaLedger ledger, ImageContent images)
{
    private const string Pending =
        "The images are not ready yet, and they are charged already. Call get_generation with this id and wait_seconds 45; "
        + "do not call generate_image again, which would make and charge new images.";

    private const string Failed = "Leonardo could not make the images.";

    /// <param name="generation">Null: nothing is known of it but that it is charged.</param>
    /// <param name="isReplay">It was charged to an earlier call.</param>
    public async Task<CallToolResult> CreateAsync(
        ToolCall call,
        string id,
        StoredGeneration? generation,
        GenerationCost? cost,
        bool isReplay,
        CancellationToken cancellationToken
    )
    {
        var status = generation?.Status ?? GenerationStatus.Pending;
        var found = generation is null ? [] : FindImages(generation, PublicUrl.AddressFor(call.Context).Root);
        var quotas = await ledger.StatusAsync(call.Tenant);
        var result = ToolAnswer.From(json =>
        {
            json.WriteString("id"u8, id);
            json.WriteString("status"u8, ResultRow.ToLabel(status));
            json.WriteStartArray("images"u8);
            foreach (var image in found)
            {
                json.WriteStartObject();
                json.WriteString("id"u8, image.Id);
                json.WriteString("url"u8, image.Url);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            if (cost is null)
                json.WriteNull("cost"u8);
            else
                cost.Write(json);
            QuoteJson.WriteRemaining(json, quotas);
            if (isReplay)
                json.WriteBoolean("replayed"u8, true);
        });
        if (status == GenerationStatus.Pending)
            result.Content.Add(new TextContentBlock { Text = Pending });
        else if (status == GenerationStatus.Failed)
            result.Content.Add(new TextContentBlock { Text = Failed });
        foreach (var block in await images.GetAsync(call, id, [.. found.Select(image => image.Id)], cancellationToken))
            result.Content.Add(block);
        return result;
    }

    private static List<(string Id, string Url)> FindImages(StoredGeneration generation, string root) =>
        [
            .. ToolAnswer
                .ToJson(json => GenerationView.WriteMember(json, generation, root))
                .GetProperty("generations_by_pk")
                .GetProperty("generated_images")
                .EnumerateArray()
                .Select(image => (image.GetProperty("id").GetString()!, image.GetProperty("url").GetString()!)),
        ];
}
