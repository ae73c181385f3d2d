using System.Text.Json;
using Gateway.Edge.Http;

namespace Gateway.Generations;

/// <summary>Reads the body of a generation (docs/api.md): the members it knows, each with its JSON type.</summary>
internal static class GenerationBodyReader
{
    public static GenerationBody Read(JsonElement root, StrictJson json)
    {
        var body = new GenerationBody();
        foreach (var member in json.Members(root, "#"))
        {
            if (member.NameEquals("model"u8))
                body.Model = json.GetString(member.Value, "#/model");
            else if (member.NameEquals("public"u8))
                body.Public = json.Flag(member.Value, "#/public");
            else if (member.NameEquals("parameters"u8))
                body.Parameters = ReadParameters(member.Value, json);
            else
                json.Unknown(member, "#");
        }
        return body;
    }

    private static GenerationParameters ReadParameters(JsonElement element, StrictJson json)
    {
        const string Pointer = "#/parameters";
        var parameters = new GenerationParameters();
        foreach (var member in json.Members(element, Pointer))
        {
            if (member.NameEquals("prompt"u8))
                parameters.Prompt = json.GetString(member.Value, Pointer + "/prompt");
            else if (member.NameEquals("width"u8))
                parameters.Width = json.Integer(member.Value, Pointer + "/width");
            else if (member.NameEquals("height"u8))
                parameters.Height = json.Integer(member.Value, Pointer + "/height");
            else if (member.NameEquals("quantity"u8))
                parameters.Quantity = json.Integer(member.Value, Pointer + "/quantity");
            else if (member.NameEquals("seed"u8))
                parameters.Seed = json.Integer(member.Value, Pointer + "/seed");
            else if (member.NameEquals("prompt_enhance"u8))
                parameters.PromptEnhance = json.GetString(member.Value, Pointer + "/prompt_enhance");
            else if (member.NameEquals("style_ids"u8))
                parameters.StyleIds = json.Array(member.Value, Pointer + "/style_ids", json.GetString);
            else if (member.NameEquals("guidances"u8))
                parameters.Guidances = ReadGuidances(member.Value, json);
            else
                json.Unknown(member, Pointer);
        }
        return parameters;
    }

    private static Guidances ReadGuidances(JsonElement element, StrictJson json)
    {
        const string Pointer = "#/parameters/guidances";
        var guidances = new Guidances();
        foreach (var member in json.Members(element, Pointer))
        {
            if (member.NameEquals("image_reference"u8))
                guidances.ImageReference = json.Array(
                    member.Value,
                    Pointer + "/image_reference",
                    (item, pointer) => ReadReference(item, pointer, json)
                );
            else
                json.Unknown(member, Pointer);
        }
        return guidances;
    }

    private static ImageReference ReadReference(JsonElement element, string pointer, StrictJson json)
    {
        var reference = new ImageReference();
        foreach (var member in json.Members(element, pointer))
        {
            if (member.NameEquals("image"u8))
                reference.Image = ReadImage(member.Value, pointer + "/image", json);
            else if (member.NameEquals("strength"u8))
                reference.Strength = json.GetString(member.Value, pointer + "/strength");
            else
                json.Unknown(member, pointer);
        }
        return reference;
    }

    private static ReferencedImage ReadImage(JsonElement element, string pointer, StrictJson json)
    {
        var image = new ReferencedImage();
        foreach (var member in json.Members(element, pointer))
        {
            if (member.NameEquals("id"u8))
                image.Id = json.GetString(member.Value, pointer + "/id");
            else if (member.NameEquals("type"u8))
                image.Type = json.GetString(member.Value, pointer + "/type");
            else
                json.Unknown(member, pointer);
        }
        return image;
    }
}
