using System.Collections.Frozen;
using System.Globalization;
using System.Text.Json;

namespace Leonardo.Simulator;

/// <summary>Parses and validates the body of <c>POST /v2/generations</c> by the limits of its model.</summary>
internal static class BodyRules
{
    /// <summary>The styles that Leonardo lists for FLUX.2 Pro; others are refused without naming the field.</summary>
    private static readonly FrozenSet<string> Styles = """
        debdf72a-91a4-467b-bf61-cc02bdeb69c6 3cbb655a-7ca4-463f-b697-8a03ad67327c 6fedbf1f-4a17-45ec-84fb-92fe524a29ef
        111dc692-d470-4eec-b791-3475abac4c46 594c4a08-a522-4e0e-b7ff-e4dac4b6b622 09d2b5b5-d7c5-4c02-905d-9f84051640f4
        703d6fe5-7f1c-4a9e-8da0-5331f214d5cf 7d7c2bc5-4b12-4ac3-81a9-630057e9e89f 645e4195-f63d-4715-a3f2-3fb1e6eb8c70
        556c1ee5-ec38-42e8-955a-1e82dad0ffa1 ab5a4220-7c42-41e5-a578-eddb9fed3d75 4edb03c9-8a26-4041-9d01-f85b5d4abd71
        0d34f8e1-46d4-428f-8ddd-4b11811fa7c9 22a9a7d2-2166-4d86-80ff-22e2643adbcf 7c3f932b-a572-47cb-9b9b-f20211e63b5b
        581ba6d6-5aac-4492-bebe-54c424a0d46e b504f83c-3326-4947-82e1-7fe9e839ec0f 5bdc3f2a-1be6-4d1c-8e77-992a30824a2c
        1db308ce-c7ad-4d10-96fd-592fa6b75cc4
        """.Split([' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries).ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    public static (CreationRequest? Request, Reply? Refusal) Parse(ReadOnlyMemory<byte> body, int defaultQuantity)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? ParseRoot(document.RootElement, defaultQuantity)
                : Refuse(Replies.Rest(400, "expected an object", "parse-failed"));
        }
        catch (JsonException)
        {
            return Refuse(Replies.Rest(400, "invalid json", "invalid-json"));
        }
    }

    /// <summary>The outer members belong to the REST layer, whose errors have a shape of their own.</summary>
    private static (CreationRequest?, Reply?) ParseRoot(JsonElement root, int defaultQuantity)
    {
        var unknown = root.EnumerateObject()
            .Select(member => member.Name)
            .FirstOrDefault(name => name is not ("model" or "public" or "parameters"));
        if (unknown is not null)
        {
            return Refuse(Replies.Rest(400, $"Unexpected variable {unknown}", "bad-request"));
        }

        foreach (var required in (string[])["model", "parameters"])
        {
            if (!root.TryGetProperty(required, out var value) || value.ValueKind == JsonValueKind.Null)
            {
                return Refuse(Replies.Rest(400, $"expecting a value for non-nullable variable: \"{required}\"", "validation-failed"));
            }
        }

        var isPublic = root.TryGetProperty("public", out var publicValue) ? publicValue.ValueKind : JsonValueKind.False;
        if (isPublic is not (JsonValueKind.True or JsonValueKind.False or JsonValueKind.Null))
        {
            var found = isPublic == JsonValueKind.String ? "string" : "number";
            return Refuse(Replies.Rest(400, $"expected a boolean for type 'Boolean', but found a {found}", "validation-failed"));
        }

        if (
            root.GetProperty("model") is not { ValueKind: JsonValueKind.String } name
            || SimulatedModel.Find(name.GetString()) is not { } model
        )
        {
            return Refuse(Replies.Invalid($"model must be one of: {string.Join(", ", SimulatedModel.All.Select(one => one.Name))}"));
        }

        var parameters = root.GetProperty("parameters");
        return parameters.ValueKind == JsonValueKind.Object
            ? ParseParameters(model, parameters, isPublic == JsonValueKind.True, defaultQuantity)
            : Refuse(Replies.Invalid("parameters must be an object"));
    }

    private static (CreationRequest?, Reply?) ParseParameters(
        SimulatedModel model,
        JsonElement parameters,
        bool isPublic,
        int defaultQuantity
    )
    {
        string? prompt = null;
        long width = model.MaxSide,
            height = model.MaxSide,
            quantity = defaultQuantity;
        long seed = Random.Shared.NextInt64(1L << 32);
        IReadOnlyList<Reference> references = [];
        foreach (var member in parameters.EnumerateObject())
        {
            var value = member.Value;
            var error = member.Name switch
            {
                "prompt" => ParsePrompt(value, model.PromptMaxLength, out prompt),
                "width" => ParseInteger(value, model.MinSide, model.MaxSide, ref width),
                "height" => ParseInteger(value, model.MinSide, model.MaxSide, ref height),
                "quantity" => ParseInteger(value, 1, model.MaxQuantity, ref quantity),
                "seed" => ParseInteger(value, 0, uint.MaxValue, ref seed),
                "prompt_enhance" => OneOf(value, "AUTO", "ON", "OFF"),
                "style_ids" => IsStyleList(value) ? null : "",
                "guidances" => ParseGuidances(value, model.MaxReferences, out references),
                _ => "is not allowed",
            };
            if (error is not null)
            {
                return Refuse(error.Length == 0 ? Replies.InvalidBare : Replies.Invalid($"parameters.{member.Name} {error}"));
            }
        }

        return prompt is null
            ? Refuse(Replies.Invalid("parameters.prompt is required"))
            : (new CreationRequest(model.Name, isPublic, prompt, (int)width, (int)height, (int)quantity, seed, references), null);
    }

    private static string? ParsePrompt(JsonElement value, int maxLength, out string? prompt)
    {
        prompt = value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        // JSON Schema counts code points (2020-12, validation, 6.3.1).
        return prompt is { Length: >= 1 } && prompt.EnumerateRunes().Count() <= maxLength
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"must be a string of 1 to {maxLength} characters");
    }

    private static string? ParseInteger(JsonElement value, long minimum, long maximum, ref long target)
    {
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) && number >= minimum && number <= maximum)
        {
            target = number;
            return null;
        }

        return string.Create(CultureInfo.InvariantCulture, $"must be an integer from {minimum} to {maximum}");
    }

    private static string? OneOf(JsonElement value, params ReadOnlySpan<string> allowed) =>
        value.ValueKind == JsonValueKind.String && allowed.Contains(value.GetString()!)
            ? null
            : $"must be one of: {string.Join(", ", allowed!)}";

    private static bool IsStyleList(JsonElement value) =>
        value.ValueKind == JsonValueKind.Array
        && value.EnumerateArray().All(style => style.ValueKind == JsonValueKind.String && Styles.Contains(style.GetString()!));

    private static string? ParseGuidances(JsonElement value, int maxReferences, out IReadOnlyList<Reference> references)
    {
        references = [];
        if (value.ValueKind != JsonValueKind.Object || value.EnumerateObject().Any(member => member.Name is not "image_reference"))
        {
            return "must be an object with image_reference only";
        }

        if (!value.TryGetProperty("image_reference", out var list))
        {
            return null;
        }

        if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() > maxReferences)
        {
            return string.Create(CultureInfo.InvariantCulture, $".image_reference must be an array of at most {maxReferences}");
        }

        var read = list.EnumerateArray().Select(ParseReference).ToList();
        references = [.. read.OfType<Reference>()];
        return references.Count == read.Count
            ? null
            : ".image_reference must hold an image with a UUID and the type GENERATED or UPLOADED, and a strength of LOW, MID or HIGH";
    }

    private static Reference? ParseReference(JsonElement item)
    {
        if (
            item.ValueKind != JsonValueKind.Object
            || item.EnumerateObject().Any(member => member.Name is not ("image" or "strength" or "order"))
            || (item.TryGetProperty("strength", out var strength) && OneOf(strength, "LOW", "MID", "HIGH") is not null)
            || !item.TryGetProperty("image", out var image)
            || image.ValueKind != JsonValueKind.Object
            || image.EnumerateObject().Any(member => member.Name is not ("id" or "type"))
            || !image.TryGetProperty("id", out var id)
            || id.ValueKind != JsonValueKind.String
            || !id.TryGetGuid(out var uuid)
            || !image.TryGetProperty("type", out var type)
            || OneOf(type, "GENERATED", "UPLOADED") is not null
        )
        {
            return null;
        }

        return new Reference(uuid, type.GetString() is "UPLOADED");
    }

    private static (CreationRequest?, Reply?) Refuse(Reply reply) => (null, reply);
}
