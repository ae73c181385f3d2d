using System.Text.Json;
using Gateway.Edge.Http;

namespace Gateway.OpenAi;

/// <summary>
/// Reads the members of OpenAI's request (the parameter table of docs/openai.md). Violations of what Leonardo's request
/// has too are at its pointer there, so that the validator does not report the member again.
/// </summary>
internal static class ImageBodyReader
{
    private const string NoTransparency = "must be auto or opaque: Leonardo's images have no transparency";
    private const string NoModeration = "must be auto: Leonardo moderates every request";
    private const string NoMask = "is not supported: there is no inpainting. Describe the change in the prompt";

    public static ImageBody Read(JsonElement root, StrictJson json)
    {
        var body = new ImageBody();
        foreach (var member in json.Members(root, JsonPointer.Root))
        {
            // Clients write null for whatever they were not given.
            if (member.Value.ValueKind != JsonValueKind.Null)
                Read(member, body, json);
        }
        return body;
    }

    private static void Read(JsonProperty member, ImageBody body, StrictJson json)
    {
        var (name, value) = (member.Name, member.Value);
        var pointer = JsonPointer.Append(JsonPointer.Root, name);
        var parameters = body.Parameters;
        switch (name)
        {
            case "prompt":
                parameters.Prompt = json.GetString(value, "#/parameters/prompt");
                break;
            case "n":
                parameters.Quantity = json.Integer(value, "#/parameters/quantity");
                break;
            case "seed":
                parameters.Seed = json.Integer(value, "#/parameters/seed");
                break;
            case "prompt_enhance":
                parameters.PromptEnhance = json.GetString(value, "#/parameters/prompt_enhance");
                break;
            case "style_ids":
                parameters.StyleIds = json.Array(value, "#/parameters/style_ids", json.GetString);
                break;
            case "model":
                body.Model = json.GetString(value, pointer);
                break;
            case "size":
                body.Size = json.GetString(value, pointer);
                break;
            case "stream":
                body.Stream = json.Flag(value, pointer) ?? false;
                break;
            case "response_format":
                body.ResponseFormat = OneOf(value, pointer, json, "must be url or b64_json", "url", "b64_json");
                break;
            case "output_format":
                OneOf(value, pointer, json, "must be jpeg, png or webp", "jpeg", "png", "webp");
                break;
            case "background":
                OneOf(value, pointer, json, NoTransparency, "auto", "opaque");
                body.Ignored.Add(name);
                break;
            case "moderation":
                OneOf(value, pointer, json, NoModeration, "auto");
                body.Ignored.Add(name);
                break;
            case "mask":
                json.AddError(pointer, "not-supported", NoMask);
                break;
            case "quality" or "style" or "output_compression" or "input_fidelity" or "partial_images":
                body.Ignored.Add(name);
                break;
            case "user":
                body.Ignored.Add(name);
                body.User = UserLabel.Find(value);
                break;
            default:
                json.Unknown(member, JsonPointer.Root);
                break;
        }
    }

    private static string? OneOf(JsonElement value, string pointer, StrictJson json, string detail, params ReadOnlySpan<string> words)
    {
        if (json.GetString(value, pointer) is not { } word)
            return null;
        if (words.Contains(word))
            return word;
        json.AddError(pointer, "not-allowed", detail);
        return null;
    }
}
