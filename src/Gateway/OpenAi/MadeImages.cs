using System.Text.Json;
using Gateway.Edge;
using Gateway.Edge.Addresses;
using Gateway.Edge.Problems;
using Gateway.Generations;
using Gateway.Images;
using Gateway.Leonardo.Replies;
using Gateway.Results;
using Gateway.Tenants;

namespace Gateway.OpenAi;

/// <summary>The images of a generation, open to be read where their bytes were asked for.</summary>
internal sealed class MadeImages(StoredGeneration generation, IReadOnlyList<MadeImage> all) : IAsyncDisposable
{
    public StoredGeneration Generation => generation;

    public IReadOnlyList<MadeImage> All => all;

    public async ValueTask DisposeAsync()
    {
        foreach (var image in all)
        {
            if (image.Content is not null)
                await image.Content.DisposeAsync();
        }
    }
}

/// <param name="Url">The gateway's own address; null: not asked for.</param>
/// <param name="Content">Null: not asked for.</param>
internal sealed record MadeImage(string? Url, OpenImage? Content);

/// <summary>From the outcome of a request to its images.</summary>
internal sealed class MadeImageReader(GenerationRepository generations, ImageSender images)
{
    /// <returns>The images, or why there are none: of a charged generation too, which a repeat may still get.</returns>
    public async Task<(MadeImages? Images, Problem? Refusal)> OpenAsync(
        HttpContext context,
        Tenant tenant,
        CreationResult result,
        ImageRequest request
    )
    {
        if (result is not CreationResult.Settled settled)
            return (null, GenerationAnswer.ToProblem(result));
        if (!settled.HasWaited)
            return (null, new Problem(ProblemTypes.NotFound, "The generation has been deleted. It was charged, once."));
        if (settled.Generation is not { } generation)
            return (
                null,
                StoreUnavailableException.ToProblem(
                    "The store did not answer while the images were made. Send the request again: it is charged once."
                )
            );
        if (!generation.IsEnded)
            return (null, TimedOut);
        if (IdsOf(generation) is not { Count: > 0 } ids)
            return (null, Failed(generation));
        return await OpenAsync(context, tenant, generation, ids, request);
    }

    public static Problem TimedOut { get; } =
        new(
            ProblemTypes.Timeout,
            "The images were not ready within 90 seconds. The generation goes on and is charged once: send the same request again to get it."
        );

    private async Task<(MadeImages? Images, Problem? Refusal)> OpenAsync(
        HttpContext context,
        Tenant tenant,
        StoredGeneration generation,
        IReadOnlyList<string> ids,
        ImageRequest request
    )
    {
        var root = PublicUrl.AddressFor(context).Root;
        var opened = new List<MadeImage>();
        var made = new MadeImages(generation, opened);
        Problem? refusal = null;
        try
        {
            foreach (var id in ids)
            {
                OpenImage? content = null;
                if (request.HasBytes)
                    (content, refusal) = await images.OpenAsync(
                        tenant.Id,
                        id,
                        cancellationToken => FindUrlAsync(tenant.Id, generation.Id, id, cancellationToken),
                        context.RequestAborted
                    );
                if (refusal is not null)
                    return (null, refusal);
                opened.Add(new MadeImage(request.HasUrl ? $"{root}/v1/generations/{generation.Id}/images/{id}" : null, content));
            }
            (var all, made) = (made, null);
            return (all, null);
        }
        finally
        {
            if (made is not null)
                await made.DisposeAsync();
        }
    }

    private async Task<(Uri? Url, Problem? Refusal)> FindUrlAsync(
        string tenant,
        string generation,
        string id,
        CancellationToken cancellationToken
    ) => ((await generations.FindImageAsync(tenant, generation, id, cancellationToken)).Url, null);

    private static List<string> IdsOf(StoredGeneration generation)
    {
        if (generation.Row is null)
            return [];
        using var row = JsonDocument.Parse(generation.Row);
        return [.. row.RootElement.GetProperty("generated_images"u8).EnumerateArray().Select(image => UpstreamJson.GetId(image)!)];
    }

    /// <summary>Not a 5xx, after which clients repeat: a failed generation would be made and charged again.</summary>
    private static Problem Failed(StoredGeneration generation) =>
        new(
            ProblemTypes.UpstreamRejected,
            "Leonardo accepted the request, and made no image of it. What it charged stays charged; GET /v1/generations/"
                + generation.Id
                + " shows what it says. Change the request."
        )
        {
            Reason = "other",
        };
}
