using System.Security.Cryptography;
using System.Text.Json;
using Gateway.Edge;
using Gateway.Edge.Http;
using Gateway.Generations;
using Gateway.Leonardo;
using Gateway.Models;
using Gateway.Results;
using Gateway.Tenants;

namespace Gateway.Mcp;

/// <summary>
/// From the arguments of <c>generate_image</c> to a request, by the reader and the rules of
/// <c>POST /v2/generations</c>.
/// </summary>
internal sealed class GenerationArguments(GenerationRequestReader reader, GenerationRepository generations)
{
    private const string Parameters = "#/parameters/";
    private const string ReferencesPointer = Parameters + "guidances/image_reference";

    /// <returns>The request and its key, or the refusal.</returns>
    /// <exception cref="ModelContextProtocol.McpProtocolException">An argument has a wrong type.</exception>
    public async Task<(ValidatedRequest? Request, string? Key, RequestRefusal? Refusal)> ReadAsync(
        ToolArguments arguments,
        Tenant tenant,
        CancellationToken cancellationToken
    )
    {
        var name = arguments.GetString("model", "#/model") ?? FirstModel(tenant);
        var model = ModelCatalogue.Find(name) ?? ModelCatalogue.Widest;
        var ratio = ReadRatio(arguments, model);
        var references = arguments.Read("reference_images", ReferencesPointer, (value, at) => ReadReferences(arguments.Json, value, at));
        var body = new GenerationBody
        {
            Model = name,
            Parameters = new GenerationParameters
            {
                Prompt = arguments.GetString("prompt", Parameters + "prompt"),
                Width = arguments.GetInteger("width", Parameters + "width") ?? ratio?.Width,
                Height = arguments.GetInteger("height", Parameters + "height") ?? ratio?.Height,
                Quantity = arguments.GetInteger("quantity", Parameters + "quantity"),
                Seed = arguments.GetInteger("seed", Parameters + "seed"),
                StyleIds = ReadStyle(arguments, model),
                Guidances = references is null ? null : new Guidances { ImageReference = references },
            },
        };
        var key = ReadKey(arguments);
        var violations = arguments.FindViolations();
        await FindTypesAsync(references, model.MaxReferences, tenant, cancellationToken);
        var (request, refusal) = await reader.ValidateAsync(body, violations, tenant, cancellationToken);
        return request is null
            ? (null, null, refusal)
            : (request with { RepeatHash = SHA256.HashData([.. "mcp"u8, .. request.Request.Write().Span]) }, key, null);
    }

    private static string FirstModel(Tenant tenant) =>
        (ModelCatalogue.AllowedBy(tenant.Policy).FirstOrDefault() ?? ModelCatalogue.All[0]).Name;

    private static AspectRatio? ReadRatio(ToolArguments arguments, ImageModel model)
    {
        if (arguments.GetString("aspect_ratio") is not { } name)
            return null;
        const string Pointer = "#/aspect_ratio";
        if (arguments.Has("width") || arguments.Has("height"))
        {
            arguments.Json.AddError(Pointer, "conflict", "must be left out where width or height is given");
            return null;
        }
        var found = model.AspectRatios.FirstOrDefault(ratio => ratio.Name == name);
        if (found is null)
            arguments.Json.AddError(
                Pointer,
                "not-allowed",
                $"must be one of {string.Join(", ", model.AspectRatios.Select(ratio => ratio.Name))}, or left out and width and height given"
            );
        return found;
    }

    private static string[]? ReadStyle(ToolArguments arguments, ImageModel model)
    {
        if (arguments.GetString("style") is not { } name)
            return null;
        if (model.Styles.FirstOrDefault(style => style.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) is { } found)
            return [found.Id];
        arguments.Json.AddError("#/style", "not-allowed", $"must be one of {string.Join(", ", model.Styles.Select(style => style.Name))}");
        return null;
    }

    private static string? ReadKey(ToolArguments arguments)
    {
        var key = arguments.GetString("idempotency_key");
        if (key is not null && !IdempotencyKey.IsValid(key))
            arguments.Json.AddError("#/idempotency_key", "malformed", "must be 1 to 255 visible ASCII characters, such as a UUID");
        return key;
    }

    private static List<ImageReference>? ReadReferences(StrictJson json, JsonElement value, string pointer) =>
        json.Array(value, pointer, (item, at) => ReadReference(json, item, at));

    /// <summary>An id, or an object with the id.</summary>
    private static ImageReference ReadReference(StrictJson json, JsonElement item, string pointer)
    {
        var image = new ReferencedImage();
        var reference = new ImageReference { Image = image };
        if (item.ValueKind == JsonValueKind.String)
        {
            image.Id = json.GetString(item, pointer);
            return reference;
        }
        foreach (var member in json.Members(item, pointer))
        {
            if (member.NameEquals("id"u8))
                image.Id = json.GetString(member.Value, pointer + "/id");
            else if (member.Value.ValueKind == JsonValueKind.Null)
                continue;
            else if (member.NameEquals("type"u8))
                image.Type = json.GetString(member.Value, pointer + "/type");
            else if (member.NameEquals("strength"u8))
                reference.Strength = json.GetString(member.Value, pointer + "/strength");
            else
                json.Unknown(member, pointer);
        }
        return reference;
    }

    /// <summary>A host has an id and need not know of what: the tenant's own images and uploads say it.</summary>
    private async Task FindTypesAsync(List<ImageReference>? references, int max, Tenant tenant, CancellationToken cancellationToken)
    {
        var untyped = (references ?? []).Select(reference => reference.Image!).Where(image => image.Type is null).ToList();
        string[] ids = [.. untyped.Select(image => Uuid.Canonicalize(image.Id)).OfType<string>().Distinct(StringComparer.Ordinal)];
        var own =
            ids.Length > 0 && references!.Count <= max
                ? await generations.FindUsableReferencesAsync(tenant.Id, ids, cancellationToken)
                : [];
        foreach (var image in untyped)
            image.Type = own.Contains((ReferenceType.Generated, Uuid.Canonicalize(image.Id) ?? ""))
                ? ReferenceType.Generated
                : ReferenceType.Uploaded;
    }
}
