using System.Text.Json;
using Gateway.Edge.Http;

namespace Gateway.Generations;

/// <summary>Reads the body of a generation (docs/api.md): the members it knows, each with its JSON type.</summary>
internal sealed class GenerationBodyReader
{
    private readonly StrictJson _json;

    private GenerationBodyReader(StrictJson json) => _json = json;

    public static GenerationBody Read(JsonElement root, StrictJson json) => new GenerationBodyReader(json).ReadBody(root);

    private GenerationBody ReadBody(JsonElement root)
    {
        var body = new GenerationBody();
        foreach (var member in _json.Members(root, "#"))
        {
            if (member.NameEquals("model"u8))
                body.Model = Optional(member, "#/model", _json.GetString);
            else if (member.NameEquals("public"u8))
                body.Public = Optional(member, "#/public", _json.Flag);
            else if (member.NameEquals("parameters"u8))
                body.Parameters = Optional(member, "#/parameters", ReadParameters);
            else
                _json.Unknown(member, "#");
        }
        return body;
    }

    private GenerationParameters ReadParameters(JsonElement element, string pointer)
    {
        var parameters = new GenerationParameters();
        foreach (var member in _json.Members(element, pointer))
        {
            if (member.NameEquals("prompt"u8))
                parameters.Prompt = Optional(member, "#/parameters/prompt", _json.GetString);
            else if (member.NameEquals("width"u8))
                parameters.Width = Optional(member, "#/parameters/width", _json.Integer);
            else if (member.NameEquals("height"u8))
                parameters.Height = Optional(member, "#/parameters/height", _json.Integer);
            else if (member.NameEquals("quantity"u8))
                parameters.Quantity = Optional(member, "#/parameters/quantity", _json.Integer);
            else if (member.NameEquals("seed"u8))
                parameters.Seed = Optional(member, "#/parameters/seed", _json.Integer);
            else if (member.NameEquals("prompt_enhance"u8))
                parameters.PromptEnhance = Optional(member, "#/parameters/prompt_enhance", _json.GetString);
            else if (member.NameEquals("style_ids"u8))
                parameters.StyleIds = Optional(member, "#/parameters/style_ids", ReadStyles);
            else if (member.NameEquals("guidances"u8))
                parameters.Guidances = Optional(member, "#/parameters/guidances", ReadGuidances);
            else
                _json.Unknown(member, pointer);
        }
        return parameters;
    }

    private List<string?>? ReadStyles(JsonElement element, string pointer) => _json.Array(element, pointer, _json.GetString);

    private Guidances ReadGuidances(JsonElement element, string pointer)
    {
        var guidances = new Guidances();
        foreach (var member in _json.Members(element, pointer))
        {
            if (member.NameEquals("image_reference"u8))
                guidances.ImageReference = Optional(member, "#/parameters/guidances/image_reference", ReadReferences);
            else
                _json.Unknown(member, pointer);
        }
        return guidances;
    }

    private List<ImageReference>? ReadReferences(JsonElement element, string pointer) => _json.Array(element, pointer, ReadReference);

    private ImageReference ReadReference(JsonElement element, string pointer)
    {
        var reference = new ImageReference();
        foreach (var member in _json.Members(element, pointer))
        {
            if (member.NameEquals("image"u8))
                reference.Image = Optional(member, pointer + "/image", ReadImage);
            else if (member.NameEquals("strength"u8))
                reference.Strength = Optional(member, pointer + "/strength", _json.GetString);
            else
                _json.Unknown(member, pointer);
        }
        return reference;
    }

    private ReferencedImage ReadImage(JsonElement element, string pointer)
    {
        var image = new ReferencedImage();
        foreach (var member in _json.Members(element, pointer))
        {
            if (member.NameEquals("id"u8))
                image.Id = Optional(member, pointer + "/id", _json.GetString);
            else if (member.NameEquals("type"u8))
                image.Type = Optional(member, pointer + "/type", _json.GetString);
            else
                _json.Unknown(member, pointer);
        }
        return image;
    }

    /// <summary>
    /// null means absent, because clients write it for what they were not given; the rules then refuse it where the
    /// member is required.
    /// </summary>
    private static T? Optional<T>(JsonProperty member, string pointer, Func<JsonElement, string, T?> read) =>
        member.Value.ValueKind == JsonValueKind.Null ? default : read(member.Value, pointer);
}
