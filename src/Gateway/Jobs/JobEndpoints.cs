using System.Globalization;
using Gateway.Edge;
using Gateway.Edge.Addresses;
using Gateway.Edge.Http;
using Gateway.Edge.Problems;
using Gateway.Ledger;
using Gateway.Ledger.Rules;
using Gateway.Quotas;
using Gateway.Results;
using Gateway.Storage;
using Gateway.Tenants.Identification;

namespace Gateway.Jobs;

/// <summary>
/// Reading, listing and cancelling jobs. Another tenant's jobs are treated as if they did not exist (T-B1).
/// </summary>
internal sealed class JobEndpoints(
    JobReader reader,
    JobRepository jobs,
    QuotaLedger ledger,
    StatusEventStream events,
    TenantStreams streams,
    TimeProvider time
)
{
    public static IReadOnlyList<string> StatusNames { get; } = [.. Enum.GetValues<JobStatus>().Select(StoredJob.ToLabel)];

    private static Problem NotFound { get; } = new(ProblemTypes.NotFound, "This tenant has no such job.");

    /// <summary>
    /// <c>GET /v1/jobs/{id}</c>: as JSON, now or once the job has ended (<c>Prefer: wait</c>), or as events.
    /// </summary>
    public async Task<IResult> GetAsync(HttpContext context, Caller caller, string id)
    {
        if (Uuid.Canonicalize(id) is not { } canonical)
            return NotFound;
        var jobId = Guid.ParseExact(canonical, "D");
        var isStream = StatusEventStream.IsPreferred(context.Request);
        var seconds = PreferWait.Read(context.Request);
        using var stream = isStream || seconds is not null ? streams.TryOpen(caller.Tenant.Id) : null;
        if (stream is null && (isStream || seconds is not null))
            return streams.Exceeded(caller.Tenant.Id);
        if (isStream)
            return await reader.FindAsync(caller.Tenant.Id, jobId, context.RequestAborted) is { } first
                ? await events.SendAsync(
                    context,
                    first,
                    (known, pause) => reader.WaitForChangeAsync(caller.Tenant, known, pause, context.RequestAborted)
                )
                : NotFound;
        var wait = TimeSpan.FromSeconds(seconds ?? 0);
        return await reader.WaitAsync(caller.Tenant, jobId, wait, context.RequestAborted) is { } job
            ? Show(context, job, seconds)
            : NotFound;
    }

    /// <summary><c>GET /v1/jobs</c>: newest first.</summary>
    /// <param name="limit">The size of the page.</param>
    /// <param name="after">The <c>next</c> of the previous page.</param>
    /// <param name="status">Only jobs of this status.</param>
    public async Task<IResult> ListAsync(HttpContext context, Caller caller, string? limit, string? after, string? status)
    {
        var violations = new List<Violation>();
        var (size, cursor) = PageRequest.Read(limit, after, caller.Tenant.Id, violations);
        if (status is not null && !StatusNames.Contains(status, StringComparer.Ordinal))
            violations.Add(new Violation("#/status", "unknown-value", $"must be one of {string.Join(", ", StatusNames)}"));
        if (violations.Count > 0)
            return ResultEndpoints.InvalidQuery(violations);

        JobStatus? wanted = status is null ? null : Enum.Parse<JobStatus>(status, ignoreCase: true);
        var (found, readTo) = await jobs.ListAsync(caller.Tenant.Id, wanted, cursor, size + 1, context.RequestAborted);
        var next = found.Count > size ? new PageCursor(found[size - 1].CreatedAt.Micros(), found[size - 1].Id.ToString()) : readTo;
        var page = await reader.EstimateAsync(caller.Tenant.Id, [.. found.Take(size)], context.RequestAborted);
        return new TenantJsonResult(json =>
        {
            json.WriteStartArray("jobs"u8);
            foreach (var job in page)
                job.WriteTo(json);
            json.WriteEndArray();
            json.WriteString("next"u8, next?.Write(caller.Tenant.Id));
        });
    }

    /// <summary><c>DELETE /v1/jobs/{id}</c>: cancels a queued job, and answers the same again.</summary>
    public async Task<IResult> CancelAsync(HttpContext context, Caller caller, string id)
    {
        if (Uuid.Canonicalize(id) is not { } canonical)
            return NotFound;
        var jobId = Guid.ParseExact(canonical, "D");
        while (true)
        {
            if (await jobs.FindAsync(caller.Tenant.Id, jobId, context.RequestAborted) is not { } job)
                return NotFound;
            if (job.Status == JobStatus.Canceled)
                return Show(context, job, null);
            if (job.Status != JobStatus.Queued)
                return new Problem(
                    ProblemTypes.JobNotQueued,
                    $"The job is {StoredJob.ToLabel(job.Status)}: it was sent, or has ended, and cannot be cancelled. Nothing was changed."
                );
            // Not the caller's token: it is durable before it is answered, and is not undone.
            await ledger.Jobs.CancelAsync(job.ReservationId, CancellationToken.None);
        }
    }

    private TenantJsonResult Show(HttpContext context, StoredJob job, int? waited)
    {
        if (!job.IsEnded)
            context.Response.Headers.RetryAfter = job.RetryAfter(time.GetUtcNow()).ToString(CultureInfo.InvariantCulture);
        if (waited is { } seconds)
            PreferWait.WriteApplied(context.Response, seconds);
        return new TenantJsonResult(json => job.WriteMembers(json, PublicUrl.AddressFor(context).Root));
    }
}
