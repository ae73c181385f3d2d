using System.Globalization;
using System.Text.Json;
using Gateway.Edge;
using Gateway.Edge.Addresses;
using Gateway.Edge.Http;
using Gateway.Edge.Problems;
using Gateway.Images;
using Gateway.Leonardo;
using Gateway.Leonardo.Replies;
using Gateway.Quotas;
using Gateway.Storage;
using Gateway.Tenants;
using Gateway.Tenants.Identification;

namespace Gateway.Results;

/// <summary>
/// Reading, listing and deleting generations, and their images. Another tenant's objects are treated as if they did not
/// exist (T-B1).
/// </summary>
internal sealed class ResultEndpoints(
    GenerationRepository generations,
    CompletionWaiters waiters,
    StatusEventStream events,
    ImageSender images,
    ImageStore imageStore,
    TenantStreams streams,
    TenantRates rates,
    LeonardoApi leonardo
)
{
    private const int IdLength = 36;

    /// <summary>
    /// <c>GET /v1/generations/{id}</c>: as JSON, now or once the generation has ended (<c>Prefer: wait</c>), or as
    /// events.
    /// </summary>
    public async Task<IResult> GetAsync(HttpContext context, Caller caller, string id)
    {
        if (Uuid.Canonicalize(id) is not { } generationId)
            return NotFound;
        var isStream = StatusEventStream.IsPreferred(context.Request);
        var seconds = PreferWait.Read(context.Request);
        using var stream = isStream || seconds is not null ? streams.TryOpen(caller.Tenant.Id) : null;
        if (stream is null && (isStream || seconds is not null))
            return streams.Exceeded(caller.Tenant.Id);
        if (isStream)
            return await StreamAsync(context, caller.Tenant, generationId);
        var wait = TimeSpan.FromSeconds(seconds ?? 0);
        return await waiters.WaitAsync(caller.Tenant, generationId, wait, context.RequestAborted) is { } found
            ? GenerationView.CreateResult(context, found, seconds)
            : NotFound;
    }

    private async Task<IResult> StreamAsync(HttpContext context, Tenant tenant, string id)
    {
        var cancellationToken = context.RequestAborted;
        return await waiters.WaitAsync(tenant, id, TimeSpan.Zero, cancellationToken) is { } found
            ? await events.SendAsync(context, found, (_, pause) => waiters.WaitAsync(tenant, id, pause, cancellationToken))
            : NotFound;
    }

    /// <summary><c>GET /v1/generations</c>.</summary>
    /// <param name="limit">The size of the page.</param>
    /// <param name="after">The <c>next</c> of the previous page.</param>
    public async Task<IResult> ListAsync(HttpContext context, Caller caller, string? limit, string? after)
    {
        var violations = new List<Violation>();
        var (size, cursor) = PageRequest.Read(limit, after, caller.Tenant.Id, violations);
        if (violations.Count > 0)
            return InvalidQuery(violations);

        var page = await generations.ListAsync(caller.Tenant.Id, cursor, size + 1, context.RequestAborted);
        var next = page.Count > size ? page[size - 1] : null;
        return new TenantJsonResult(json =>
        {
            json.WriteStartArray("generations"u8);
            foreach (var generation in page.Take(size))
                generation.WriteTo(json, PublicUrl.AddressFor(context).Root, generation.WriteRequest);
            json.WriteEndArray();
            json.WriteString("next"u8, next is null ? null : new PageCursor(next.CreatedAt.Micros(), next.Id).Write(caller.Tenant.Id));
        });
    }

    /// <summary>
    /// <c>DELETE /v1/generations/{id}</c>: deletes it upstream and here. One that runs is deleted here; upstream it is
    /// deleted at its end, because only until then its end, and with it the end of its slot, can be seen.
    /// </summary>
    public async Task<IResult> DeleteAsync(HttpContext context, Caller caller, string id)
    {
        if (Uuid.Canonicalize(id) is not { } generationId)
            return NotFound;
        StoredGeneration? found;
        do
        {
            found = await generations.FindAsync(caller.Tenant.Id, generationId, context.RequestAborted);
            if (found is null)
                return NotFound;
            // A stuck one has no slot any more. False: it has ended, or was deleted, in this moment.
        } while (
            !found.IsEnded
            && found.StuckAt is null
            && !await generations.DeleteRunningAsync(caller.Tenant.Id, generationId, context.RequestAborted)
        );
        if ((found.IsEnded || found.StuckAt is not null) && await DeleteEndedAsync(caller.Tenant.Id, generationId) is { } refusal)
            return refusal;
        waiters.Complete(generationId, null);
        return TenantJsonResult.Deleted("delete_generations_by_pk", generationId);
    }

    /// <returns>Null: it is deleted.</returns>
    private async Task<Problem?> DeleteEndedAsync(string tenant, string generationId)
    {
        if (rates.CountRead(tenant) is { } tooMany)
            return tooMany;
        // Finished even if the caller disconnects: a generation deleted only upstream would stay in the list.
        var reply = await leonardo.DeleteGenerationAsync(generationId, CancellationToken.None);
        if (reply is ApiOutcome<bool>.Refused or ApiOutcome<bool>.Unclear)
            return reply.ToProblem();
        foreach (var image in await generations.DeleteAsync(tenant, generationId, CancellationToken.None))
            imageStore.Remove(image);
        return null;
    }

    /// <summary><c>GET</c> and <c>HEAD /v1/generations/{id}/images/{imageId}</c>.</summary>
    /// <param name="imageId">A name for the file may follow: <c>….jpg</c>.</param>
    /// <param name="width">320 or 640: a small WebP of it; left out: the image itself.</param>
    public async Task ImageAsync(HttpContext context, Caller caller, string id, string imageId, string? width)
    {
        var thumbnail = Thumbnails.Widths.FirstOrDefault(known => known.ToString(CultureInfo.InvariantCulture) == width);
        if (width is not null && thumbnail == 0)
        {
            await InvalidQuery([new Violation("#/width", "unknown-value", "must be 320 or 640")]).ExecuteAsync(context);
            return;
        }
        if (imageId.Length > IdLength && imageId[IdLength] == '.')
            imageId = imageId[..IdLength];
        var found = false;
        Uri? url = null;
        if (Uuid.Canonicalize(id) is { } generationId && Uuid.Canonicalize(imageId) is { } canonicalId)
        {
            (found, url) = await generations.FindImageAsync(caller.Tenant.Id, generationId, canonicalId, context.RequestAborted);
            imageId = canonicalId;
        }
        if (!found)
        {
            await NotFound.ExecuteAsync(context);
            return;
        }
        using var stream = streams.TryOpen(caller.Tenant.Id);
        await (
            stream is null ? streams.Exceeded(caller.Tenant.Id).ExecuteAsync(context)
            : thumbnail > 0 ? images.SendThumbnailAsync(context, caller.Tenant.Id, imageId, url, thumbnail)
            : images.SendAsync(context, caller.Tenant.Id, imageId, url)
        );
    }

    public static Problem InvalidQuery(IReadOnlyList<Violation> violations) =>
        new(ProblemTypes.Validation, "The query parameters are invalid; see errors.") { Errors = violations };

    /// <summary>The one answer for an id that is unknown, another tenant's, or malformed (T-B1).</summary>
    public static Problem NotFound { get; } = new(ProblemTypes.NotFound, "This tenant has no such generation, image or upload.");
}
