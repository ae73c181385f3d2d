using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Gateway.Edge.Http;
using Gateway.Ledger.Rules;
using Gateway.Models;

namespace Gateway.Generations;

/// <summary>
/// A request that keeps every rule, with the defaults filled in. What Leonardo receives is written from this, never
/// from the caller's bytes.
/// </summary>
/// <param name="Seed">Null as long as none was given or drawn.</param>
internal sealed record GenerationRequest(
    ImageModel Model,
    bool Public,
    string Prompt,
    int Width,
    int Height,
    int Quantity,
    uint? Seed,
    bool PromptEnhanced,
    IReadOnlyList<string> StyleIds,
    IReadOnlyList<Reference> References
)
{
    public long PriceMicros => Model.Price.Micros(Width, Height, Quantity, References.Count > 0);

    /// <param name="body">Has been validated: every required member is present.</param>
    public static GenerationRequest From(GenerationBody body, ImageModel model)
    {
        var parameters = body.Parameters!;
        return new GenerationRequest(
            model,
            body.Public ?? false,
            parameters.Prompt!,
            (int)(parameters.Width ?? model.Width.Default!.Value),
            (int)(parameters.Height ?? model.Height.Default!.Value),
            (int)(parameters.Quantity ?? model.Quantity.Default!.Value),
            (uint?)parameters.Seed,
            parameters.PromptEnhance == GenerationValidator.On,
            [.. (parameters.StyleIds ?? []).Select(Canonical)],
            [
                .. (parameters.Guidances?.ImageReference ?? []).Select(reference => new Reference(
                    Canonical(reference.Image!.Id),
                    reference.Image.Type!,
                    reference.Strength ?? model.DefaultReferenceStrength
                )),
            ]
        );
    }

    /// <summary>
    /// The reconciler finds the generation by its seed: where the caller gives none, one is drawn uniformly.
    /// </summary>
    public GenerationRequest WithSeed() => Seed is null ? this with { Seed = DrawSeed(Model.Seed) } : this;

    /// <summary>
    /// What an Idempotency-Key is bound to: the request with all defaults, before the gateway draws a seed.
    /// </summary>
    public byte[] BodyHash()
    {
        using var buffer = JsonBuffer.Rent();
        Write(buffer.Json);
        return SHA256.HashData(buffer.Written);
    }

    /// <summary>What the reconciler finds the generation by; the prompt itself is not stored.</summary>
    public Fingerprint Fingerprint() =>
        new(Model.Name, SHA256.HashData(Encoding.UTF8.GetBytes(Prompt)), Seed!.Value, Width, Height, PromptEnhanced);

    /// <summary>The body for Leonardo.</summary>
    public ReadOnlyMemory<byte> Write()
    {
        using var buffer = JsonBuffer.Rent();
        Write(buffer.Json);
        return buffer.Written.ToArray();
    }

    private void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("model"u8, Model.Name);
        json.WriteBoolean("public"u8, Public);
        json.WriteStartObject("parameters"u8);
        json.WriteString("prompt"u8, Prompt);
        json.WriteNumber("quantity"u8, Quantity);
        json.WriteNumber("width"u8, Width);
        json.WriteNumber("height"u8, Height);
        if (Seed is { } seed)
            json.WriteNumber("seed"u8, seed);
        json.WriteString("prompt_enhance"u8, PromptEnhanced ? GenerationValidator.On : GenerationValidator.Off);
        if (StyleIds.Count > 0)
        {
            json.WriteStartArray("style_ids"u8);
            foreach (var id in StyleIds)
                json.WriteStringValue(id);
            json.WriteEndArray();
        }
        if (References.Count > 0)
        {
            json.WriteStartObject("guidances"u8);
            json.WriteStartArray("image_reference"u8);
            foreach (var reference in References)
                reference.Write(json);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static uint DrawSeed(NumberRange range)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        RandomNumberGenerator.Fill(bytes);
        // The remainder's bias is below 2^-32: seeds have at most 32 bits.
        return (uint)(range.Min + (long)(BitConverter.ToUInt64(bytes) % (ulong)(range.Max - range.Min + 1)));
    }

    private static string Canonical(string? uuid) => uuid!.ToLowerInvariant();
}

/// <summary>An image that guides the result.</summary>
/// <param name="Id">Canonical lower case.</param>
internal sealed record Reference(string Id, string Type, string Strength)
{
    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteStartObject("image"u8);
        json.WriteString("id"u8, Id);
        json.WriteString("type"u8, Type);
        json.WriteEndObject();
        json.WriteString("strength"u8, Strength);
        json.WriteEndObject();
    }
}
