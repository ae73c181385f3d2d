using System.Buffers;
using System.Collections.Frozen;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Gateway.Leonardo.Replies;

/// <summary>
/// What the owner of a generation may see of the upstream's <c>generations_by_pk</c>, by an allow-list of names, each with its type: no address, no account's
/// user id, no file name (it holds the start of the prompt), and nothing that a later version of the upstream may add.
/// </summary>
/// <remarks>Names and types: the official SDK's GetGenerationById, https://www.npmjs.com/package/@leonardo-ai/sdk, 4.21.3. It refuses an answer with a word it does not know, so such a word is left out.</remarks>
internal static class ResultRow
{
    private static readonly JsonWriterOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static readonly FrozenSet<string> SdVersions = FrozenSet.Create(
        StringComparer.Ordinal,
        "v1_5",
        "v2",
        "v3",
        "SDXL_0_8",
        "SDXL_0_9",
        "SDXL_1_0",
        "SDXL_LIGHTNING",
        "PHOENIX",
        "FLUX",
        "FLUX_DEV",
        "KINO_2_0"
    );

    public static readonly FrozenSet<string> Schedulers = FrozenSet.Create(
        StringComparer.Ordinal,
        "KLMS",
        "EULER_ANCESTRAL_DISCRETE",
        "EULER_DISCRETE",
        "DDIM",
        "DPM_SOLVER",
        "PNDM",
        "LEONARDO"
    );

    private static readonly string[] Numbers =
    [
        "seed",
        "guidanceScale",
        "inferenceSteps",
        "initStrength",
        "photoRealStrength",
        "promptMagicStrength",
    ];

    private static readonly string[] Flags = ["photoReal", "promptMagic", "ultra"];

    private static readonly SearchValues<char> WordCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ_");

    public static string ToLabel(GenerationStatus status) =>
        status switch
        {
            GenerationStatus.Complete => "COMPLETE",
            GenerationStatus.Failed => "FAILED",
            _ => "PENDING",
        };

    /// <summary>The upstream's way to write a moment: UTC, without a zone.</summary>
    public static string Moment(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff", CultureInfo.InvariantCulture);

    /// <summary>As long as the upstream has not been asked: what is known without it.</summary>
    public static string Pending(string id, DateTimeOffset createdAt) =>
        Object(json =>
        {
            json.WriteString("id"u8, id);
            json.WriteString("status"u8, ToLabel(GenerationStatus.Pending));
            json.WriteString("createdAt"u8, Moment(createdAt));
            WriteEmpty(json, "generated_images");
        });

    /// <param name="row">The upstream's object.</param>
    public static string Write(string id, GenerationStatus status, JsonElement row) =>
        Object(json =>
        {
            json.WriteString("id"u8, id);
            json.WriteString("status"u8, ToLabel(status));
            if (
                DateTimeOffset.TryParse(
                    UpstreamGeneration.TextOf(row, "createdAt"u8),
                    CultureInfo.InvariantCulture,
                    DateTimeStyles.AssumeUniversal,
                    out var at
                )
            )
                json.WriteString("createdAt"u8, Moment(at));
            WriteText(json, row, "prompt");
            WriteText(json, row, "negativePrompt");
            WriteNumber(json, row, "imageWidth", nullable: false);
            WriteNumber(json, row, "imageHeight", nullable: false);
            WriteFlag(json, row, "public", nullable: false);
            json.WriteString("modelId"u8, CreationReply.CanonicalId(UpstreamGeneration.TextOf(row, "modelId"u8)));
            WriteWord(json, row, "sdVersion", SdVersions);
            WriteWord(json, row, "scheduler", Schedulers);
            json.WriteNull("presetStyle"u8);
            foreach (var name in Numbers)
                WriteNumber(json, row, name);
            foreach (var name in Flags)
                WriteFlag(json, row, name);
            // Elements belong to other models, and carry addresses.
            WriteEmpty(json, "generation_elements");
            WriteModerations(json, row);
            json.WriteStartArray("generated_images"u8);
            foreach (var image in UpstreamGeneration.ImagesOf(row))
                WriteImage(json, image);
            json.WriteEndArray();
        });

    /// <summary>Writes a row that was kept, with the gateway's own address of each image.</summary>
    public static void WriteTo(Utf8JsonWriter json, string row, Func<string, string> addressOf)
    {
        using var kept = JsonDocument.Parse(row);
        json.WriteStartObject();
        foreach (var member in kept.RootElement.EnumerateObject())
        {
            if (!member.NameEquals("generated_images"u8))
            {
                member.WriteTo(json);
                continue;
            }
            json.WriteStartArray("generated_images"u8);
            foreach (var image in member.Value.EnumerateArray())
            {
                var id = UpstreamGeneration.IdOf(image)!;
                json.WriteStartObject();
                json.WriteString("id"u8, id);
                json.WriteString("url"u8, addressOf(id));
                foreach (var part in image.EnumerateObject().Where(part => !part.NameEquals("id"u8)))
                    part.WriteTo(json);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        json.WriteEndObject();
    }

    private static void WriteImage(Utf8JsonWriter json, JsonElement image)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, UpstreamGeneration.IdOf(image));
        json.WriteBoolean("nsfw"u8, image.TryGetProperty("nsfw"u8, out var nsfw) && nsfw.ValueKind == JsonValueKind.True);
        WriteNumber(json, image, "likeCount", nullable: false);
        // Of videos: null for every image model, and one of them is an address.
        json.WriteNull("motionMP4URL"u8);
        WriteFlag(json, image, "imageToVideo");
        WriteFlag(json, image, "motion");
        json.WriteNull("motionModel"u8);
        WriteNumber(json, image, "motionStrength");
        WriteFlag(json, image, "fantasyAvatar");
        WriteEmpty(json, "generated_image_variation_generics");
        json.WriteEndObject();
    }

    /// <summary>Not in any document, but returned: why a prompt or a result was flagged.</summary>
    private static void WriteModerations(Utf8JsonWriter json, JsonElement row)
    {
        json.WriteStartArray("prompt_moderations"u8);
        if (row.TryGetProperty("prompt_moderations"u8, out var moderations) && moderations.ValueKind == JsonValueKind.Array)
        {
            foreach (var moderation in moderations.EnumerateArray().Where(entry => entry.ValueKind == JsonValueKind.Object))
            {
                json.WriteStartObject();
                json.WriteStartArray("moderationClassification"u8);
                if (moderation.TryGetProperty("moderationClassification"u8, out var classes) && classes.ValueKind == JsonValueKind.Array)
                {
                    foreach (var name in classes.EnumerateArray().Select(UpstreamError.Text))
                    {
                        if (name is { Length: > 0 and <= 64 } && !name.AsSpan().ContainsAnyExcept(WordCharacters))
                            json.WriteStringValue(name);
                    }
                }
                json.WriteEndArray();
                json.WriteEndObject();
            }
        }
        json.WriteEndArray();
    }

    private static void WriteText(Utf8JsonWriter json, JsonElement row, string name)
    {
        if (row.TryGetProperty(name, out var member) && UpstreamError.Text(member) is { } text)
            json.WriteString(name, text);
    }

    private static void WriteWord(Utf8JsonWriter json, JsonElement row, string name, FrozenSet<string> known)
    {
        if (row.TryGetProperty(name, out var member) && UpstreamError.Text(member) is { } word && known.Contains(word))
            json.WriteString(name, word);
    }

    private static void WriteNumber(Utf8JsonWriter json, JsonElement row, string name, bool nullable = true)
    {
        if (
            row.TryGetProperty(name, out var member)
            && (member.ValueKind == JsonValueKind.Number || (nullable && member.ValueKind == JsonValueKind.Null))
        )
        {
            json.WritePropertyName(name);
            member.WriteTo(json);
        }
    }

    private static void WriteFlag(Utf8JsonWriter json, JsonElement row, string name, bool nullable = true)
    {
        if (!row.TryGetProperty(name, out var member))
            return;
        if (member.ValueKind is JsonValueKind.True or JsonValueKind.False || (nullable && member.ValueKind == JsonValueKind.Null))
        {
            json.WritePropertyName(name);
            member.WriteTo(json);
        }
    }

    private static void WriteEmpty(Utf8JsonWriter json, string name)
    {
        json.WriteStartArray(name);
        json.WriteEndArray();
    }

    private static string Object(Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer, Json))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
