using Gateway.Edge;

namespace Gateway.Mcp;

/// <summary>The addresses of resources.</summary>
internal static class ResourceUri
{
    public const string Models = "leonardo://models";
    public const string Usage = "leonardo://usage";
    public const string ImageTemplate = Generations + "{id}" + Images + "{imageId}";

    private const string Generations = "leonardo://generations/";
    private const string Images = "/images/";

    public static string ForImage(string generationId, string imageId) => $"{Generations}{generationId}{Images}{imageId}";

    /// <returns>Canonical ids; null: not the address of an image.</returns>
    public static (string GenerationId, string ImageId)? ParseImage(string uri)
    {
        if (!uri.StartsWith(Generations, StringComparison.Ordinal))
            return null;
        var ids = uri[Generations.Length..].Split(Images);
        return ids is [var first, var second] && Uuid.Canonicalize(first) is { } generation && Uuid.Canonicalize(second) is { } image
            ? (generation, image)
            : null;
    }
}
