using System.Buffers;
using System.Collections.Frozen;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Gateway.Edge;
using Gateway.Edge.Http;

namespace Gateway.Leonardo.Replies;

/// <summary>
/// What the owner of a generation may see of the upstream's <c>generations_by_pk</c>, by an allow-list of names and
/// types. Addresses, the account's user id, file names (they hold the start of the prompt) and members that the
/// upstream may add later stay out (T-B9).
/// </summary>
/// <remarks>
/// Names and types: the official SDK's GetGenerationById, https://www.npmjs.com/package/@leonardo-ai/sdk, 4.21.3.
/// The SDK rejects a reply with an unknown enumeration value, so such a value is left out.
/// </remarks>
internal static class ResultRow
{
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

    private static readonly SearchValues<char> LabelCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ_");

    public static string ToLabel(GenerationStatus status) =>
        status switch
        {
            GenerationStatus.Complete => "COMPLETE",
            GenerationStatus.Failed => "FAILED",
            _ => "PENDING",
        };

    /// <summary>As the upstream writes timestamps: UTC, without a zone.</summary>
    public static string FormatTimestamp(DateTimeOffset at) =>
        at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff", CultureInfo.InvariantCulture);

    /// <summary>What is known before the upstream has been asked.</summary>
    public static string CreatePending(string id, DateTimeOffset createdAt) =>
        Object(json =>
        {
            json.WriteString("id"u8, id);
            json.WriteString("status"u8, ToLabel(GenerationStatus.Pending));
            json.WriteString("createdAt"u8, FormatTimestamp(createdAt));
            WriteEmpty(json, "generated_images");
        });

    /// <param name="row">The upstream's object.</param>
    /// <param name="prompt">Scrubbed, unless it is known to be the caller's own.</param>
    public static string Create(string id, GenerationStatus status, JsonElement row, string? prompt) =>
        Object(json =>
        {
            json.WriteString("id"u8, id);
            json.WriteString("status"u8, ToLabel(status));
            if (
                DateTimeOffset.TryParse(
                    UpstreamJson.GetString(row, "createdAt"u8),
                    CultureInfo.InvariantCulture,
                    DateTimeStyles.AssumeUniversal,
                    out var at
                )
            )
                json.WriteString("createdAt"u8, FormatTimestamp(at));
            if (prompt is not null)
                json.WriteString("prompt"u8, prompt);
            if (UpstreamJson.GetString(row, "negativePrompt"u8) is { } negative)
                json.WriteString("negativePrompt"u8, UpstreamText.Scrub(negative));
            WriteNumber(json, row, "imageWidth", nullable: false);
            WriteNumber(json, row, "imageHeight", nullable: false);
            WriteFlag(json, row, "public", nullable: false);
            // The models of this gateway have no such id, and any other value may be the account's.
            json.WriteNull("modelId"u8);
            WriteEnum(json, row, "sdVersion", SdVersions);
            WriteEnum(json, row, "scheduler", Schedulers);
            json.WriteNull("presetStyle"u8);
            foreach (var name in Numbers)
                WriteNumber(json, row, name);
            foreach (var name in Flags)
                WriteFlag(json, row, name);
            // Elements belong to other models and contain addresses.
            WriteEmpty(json, "generation_elements");
            WriteModerations(json, row);
            json.WriteStartArray("generated_images"u8);
            foreach (var image in UpstreamGeneration.GetImages(row))
                WriteImage(json, image);
            json.WriteEndArray();
        });

    /// <param name="row">As <see cref="Create"/> made it.</param>
    /// <param name="getAddress">The gateway's own address of an image, by its id.</param>
    /// <param name="more">Members to add.</param>
    public static void WriteTo(Utf8JsonWriter json, string row, Func<string, string> getAddress, Action<Utf8JsonWriter>? more = null)
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
                var id = UpstreamJson.GetId(image)!;
                json.WriteStartObject();
                json.WriteString("id"u8, id);
                json.WriteString("url"u8, getAddress(id));
                foreach (var part in image.EnumerateObject().Where(part => !part.NameEquals("id"u8)))
                    part.WriteTo(json);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        more?.Invoke(json);
        json.WriteEndObject();
    }

    private static void WriteImage(Utf8JsonWriter json, JsonElement image)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, UpstreamJson.GetId(image));
        json.WriteBoolean("nsfw"u8, image.TryGetProperty("nsfw"u8, out var nsfw) && nsfw.ValueKind == JsonValueKind.True);
        WriteNumber(json, image, "likeCount", nullable: false);
        // Members of videos: null for every image model, and one of them would be an address.
        json.WriteNull("motionMP4URL"u8);
        WriteFlag(json, image, "imageToVideo");
        WriteFlag(json, image, "motion");
        json.WriteNull("motionModel"u8);
        WriteNumber(json, image, "motionStrength");
        WriteFlag(json, image, "fantasyAvatar");
        WriteEmpty(json, "generated_image_variation_generics");
        json.WriteEndObject();
    }

    /// <summary>Undocumented, but returned: why a prompt or a result was flagged.</summary>
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
                    foreach (var name in classes.EnumerateArray().Select(UpstreamJson.GetString))
                    {
                        if (name is { Length: > 0 and <= 64 } && !name.AsSpan().ContainsAnyExcept(LabelCharacters))
                            json.WriteStringValue(name);
                    }
                }
                json.WriteEndArray();
                json.WriteEndObject();
            }
        }
        json.WriteEndArray();
    }

    private static void WriteEnum(Utf8JsonWriter json, JsonElement row, string name, FrozenSet<string> known)
    {
        if (row.TryGetProperty(name, out var member) && UpstreamJson.GetString(member) is { } value && known.Contains(value))
            json.WriteString(name, value);
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
        using var buffer = JsonBuffer.Rent();
        buffer.Json.WriteStartObject();
        members(buffer.Json);
        buffer.Json.WriteEndObject();
        return Encoding.UTF8.GetString(buffer.Written);
    }
}
