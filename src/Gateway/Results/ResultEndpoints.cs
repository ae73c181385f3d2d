using System.Globalization;
using System.Text.Json;
using Gateway.Edge.Http;
using Gateway.Edge.Problems;
using Gateway.Images;
using Gateway.Leonardo;
using Gateway.Leonardo.Replies;
using Gateway.Storage;
using Gateway.Tenants;
using Gateway.Tenants.Identification;

namespace Gateway.Results;

/// <summary>Reading, listing and deleting generations, and their images. What is not the caller's is not there.</summary>
internal sealed class ResultEndpoints(
    GenerationRepository register,
    CompletionWaiters waiters,
    GenerationEventStream events,
    ImageEndpoints delivery,
    ImageStore store,
    LeonardoApi leonardo
)
{
    public const int DefaultPage = 10;
    public const int MaxPage = 100;

    /// <summary><c>GET /v1/generations/{id}</c>: as JSON, at once or when it has ended, or as a stream of events.</summary>
    public async Task<IResult> GetAsync(HttpContext context, Caller caller, string id)
    {
        if (CreationReply.CanonicalId(id) is not { } generation)
            return NotFound;
        if (GenerationEventStream.AreWanted(context.Request))
            return await events.SendAsync(context, caller.Tenant, generation);
        var seconds = PreferWait.Of(context.Request);
        var wait = TimeSpan.FromSeconds(seconds ?? 0);
        return await waiters.WaitAsync(caller.Tenant, generation, wait, context.RequestAborted) is { } found
            ? GenerationView.Of(context, found, seconds)
            : NotFound;
    }

    /// <summary><c>GET /v1/generations</c>.</summary>
    /// <param name="limit">How many at most.</param>
    /// <param name="after">The <c>next</c> of the page before.</param>
    public async Task<IResult> ListAsync(HttpContext context, Caller caller, string? limit, string? after)
    {
        var violations = new List<Violation>();
        var size = DefaultPage;
        if (
            limit is not null
            && (!int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out size) || size is < 1 or > MaxPage)
        )
            violations.Add(new Violation("#/limit", "out-of-range", $"must be a whole number from 1 to {MaxPage}"));
        var cursor = after is null ? null : PageCursor.Read(after, caller.Tenant.Id);
        if (after is not null && cursor is null)
            violations.Add(new Violation("#/after", "invalid-cursor", "must be the next of an earlier page"));
        if (violations.Count > 0)
            return new Problem(ProblemTypes.Validation, "The page cannot be told; see errors.") { Errors = violations };

        var page = await register.ListAsync(caller.Tenant.Id, cursor, size + 1, context.RequestAborted);
        var next = page.Count > size ? page[size - 1] : null;
        return new TenantJsonResult(json =>
        {
            json.WriteStartArray("generations"u8);
            foreach (var generation in page.Take(size))
                generation.WriteTo(json, GenerationView.OriginOf(context.Request));
            json.WriteEndArray();
            json.WriteString("next"u8, next is null ? null : new PageCursor(next.CreatedAt.Micros(), next.Id).Write(caller.Tenant.Id));
        });
    }

    /// <summary><c>DELETE /v1/generations/{id}</c>: there and here.</summary>
    public async Task<IResult> DeleteAsync(HttpContext context, Caller caller, string id)
    {
        if (CreationReply.CanonicalId(id) is not { } generation)
            return NotFound;
        if (await register.FindAsync(caller.Tenant.Id, generation, context.RequestAborted) is null)
            return NotFound;
        // From here on it is done to the end, whether or not the caller stays: half of it would be a generation that is nowhere and still listed.
        var reply = await leonardo.DeleteGenerationAsync(generation, CancellationToken.None);
        if (reply is ApiReply<bool>.Refused or ApiReply<bool>.Unclear)
            return reply.ToProblem();
        foreach (var image in await register.DeleteAsync(caller.Tenant.Id, generation, CancellationToken.None))
            store.Remove(image);
        waiters.Complete(generation, null);
        return TenantJsonResult.Deleted("delete_generations_by_pk", generation);
    }

    /// <summary><c>GET</c> and <c>HEAD /v1/generations/{id}/images/{imageId}</c>.</summary>
    public async Task ImageAsync(HttpContext context, Caller caller, string id, string imageId)
    {
        var found = false;
        Uri? url = null;
        if (CreationReply.CanonicalId(id) is { } generation && CreationReply.CanonicalId(imageId) is { } image)
        {
            (found, url) = await register.FindImageAsync(caller.Tenant.Id, generation, image, context.RequestAborted);
            imageId = image;
        }
        await (found ? delivery.SendAsync(context, imageId, url) : NotFound.ExecuteAsync(context));
    }

    /// <summary>One answer for what does not exist, what is another's, and what is no id at all.</summary>
    public static Problem NotFound { get; } = new(ProblemTypes.NotFound, "This tenant has no such generation, image or upload.");
}
