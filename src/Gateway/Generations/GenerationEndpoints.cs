using Gateway.Edge;
using Gateway.Edge.Http;
using Gateway.Edge.Problems;
using Gateway.Quotas;
using Gateway.Results;
using Gateway.Tenants;
using Gateway.Tenants.Identification;

namespace Gateway.Generations;

/// <summary><c>POST /v2/generations</c> and <c>POST /v2/generations/quote</c>.</summary>
internal sealed class GenerationEndpoints(
    GenerationRequestReader reader,
    CreateGeneration generations,
    QuoteGeneration quotes,
    JobReader jobs,
    TenantStreams streams,
    TimeProvider time
)
{
    public async Task<IResult> CreateAsync(HttpContext context, Caller caller)
    {
        // A malformed key is refused before the body is read.
        var (key, malformedKey) = IdempotencyKey.Read(context.Request);
        if (malformedKey is not null)
            return malformedKey;
        var (request, refusal) = await ReadAsync(context.Request, caller);
        if (request is null)
            return refusal!;
        var seconds = PreferWait.Read(context.Request);
        using var waiting = seconds is null ? null : streams.TryOpen(caller.Tenant.Id);
        if (seconds is not null && waiting is null)
            return streams.Exceeded(caller.Tenant.Id);
        var isJob = PreferWait.IsAsync(context.Request);
        TimeSpan? wait = seconds is null ? null : TimeSpan.FromSeconds(seconds.Value);
        request = request.From(context, caller.User);
        var result = await generations.CreateAsync(request, caller.Tenant, key, isJob ? null : wait, context.RequestAborted, isJob: isJob);
        if (result.Answer is { } answer)
            AnswerReport.Attach(context, answer, time);
        return result is CreationResult.Queued job
            ? await AnswerAsync(context, caller.Tenant, job, seconds)
            : GenerationAnswer.From(result, seconds);
    }

    /// <summary>The job is held and stored already: whatever happens here, its id is answered.</summary>
    private async Task<JobAccepted> AnswerAsync(HttpContext context, Tenant tenant, CreationResult.Queued job, int? seconds)
    {
        StoredJob? found = null;
        try
        {
            found = await jobs.WaitAsync(tenant, job.JobId, TimeSpan.FromSeconds(seconds ?? 0), context.RequestAborted);
        }
        catch (StoreUnavailableException) { }
        return new JobAccepted(found ?? StoredJob.JustQueued(job.JobId, time.GetUtcNow()), job.IsReplay, seconds, time.GetUtcNow());
    }

    public async Task<IResult> QuoteAsync(HttpContext context, Caller caller)
    {
        var (request, refusal) = await reader.ReadAsync(context.Request, caller.Tenant);
        if (request is null)
            return refusal!;
        if (request.Refusal is { } notAllowed)
            return notAllowed.ToProblem();
        return new QuoteJson(await quotes.QuoteAsync(request.Request, caller.Tenant, context.RequestAborted));
    }

    private async Task<(ValidatedRequest? Request, Problem? Refusal)> ReadAsync(HttpRequest request, Caller caller)
    {
        using var reading = Tracing.Step("read");
        return await reader.ReadAsync(request, caller.Tenant);
    }
}
