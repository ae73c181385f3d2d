using Gateway.Edge;
using Gateway.Ledger;
using Gateway.Tenants;

namespace Gateway.Results;

/// <summary>Reads jobs with their generation and estimate, and waits for their end.</summary>
internal sealed class JobReader(
    JobRepository jobs,
    GenerationRepository generations,
    CompletionWaiters waiters,
    QuotaLedger ledger,
    TimeProvider time
)
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(250);

    /// <summary>The watcher of another replica may see the end.</summary>
    private static readonly TimeSpan WatchedPoll = TimeSpan.FromSeconds(1);

    /// <returns>Null: unknown, or another tenant's.</returns>
    public async Task<StoredJob?> FindAsync(string tenant, Guid id, CancellationToken cancellationToken) =>
        await jobs.FindAsync(tenant, id, cancellationToken) is { } job ? await CompleteAsync(tenant, job, cancellationToken) : null;

    /// <summary>Waits until the job has ended, the time is over, or the process shuts down.</summary>
    /// <returns>Its state at that moment; null: unknown, or another tenant's.</returns>
    /// <exception cref="OperationCanceledException">The caller disconnected.</exception>
    public async Task<StoredJob?> WaitAsync(Tenant tenant, Guid id, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var job = await WaitAsync(tenant, id, isEnough: job => job.IsEnded, timeout, cancellationToken);
        return job is null ? null : await CompleteAsync(tenant.Id, job, cancellationToken);
    }

    /// <summary>Waits likewise, until it is not as it was.</summary>
    public async Task<StoredJob?> WaitForChangeAsync(Tenant tenant, StoredJob known, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var job = await WaitAsync(tenant, known.Id, isEnough: job => job.Version != known.Version, timeout, cancellationToken);
        return job is null ? null : await CompleteAsync(tenant.Id, job, cancellationToken);
    }

    /// <summary>The estimates of queued ones.</summary>
    public async Task<IReadOnlyList<StoredJob>> EstimateAsync(
        string tenant,
        IReadOnlyList<StoredJob> all,
        CancellationToken cancellationToken
    )
    {
        var queued = all.Where(job => job.Position is not null).ToList();
        if (queued.Count == 0)
            return all;
        var starts = await ledger.Jobs.EstimateAsync(tenant, [.. queued.Select(job => job.Position!.Value)], cancellationToken);
        var startOf = queued.Zip(starts).ToDictionary(pair => pair.First.Id, pair => pair.Second);
        return [.. all.Select(job => job with { EstimatedStart = startOf.TryGetValue(job.Id, out var start) ? start : null })];
    }

    private async Task<StoredJob?> WaitAsync(
        Tenant tenant,
        Guid id,
        Func<StoredJob, bool> isEnough,
        TimeSpan timeout,
        CancellationToken cancellationToken
    )
    {
        var began = time.GetTimestamp();
        while (true)
        {
            var job = await jobs.FindAsync(tenant.Id, id, cancellationToken);
            var left = timeout - time.GetElapsedTime(began);
            if (job is null || isEnough(job) || left <= TimeSpan.Zero || waiters.IsStopping)
                return job;
            // Of one that runs the watcher knows the end. Null: its generation was deleted.
            if (
                job is not { GenerationId: { } generation, Status: JobStatus.Running }
                || await waiters.WaitAsync(tenant, generation, Shorter(left, WatchedPoll), cancellationToken) is null
            )
                await Task.Delay(Shorter(left, Poll), time, cancellationToken);
        }
    }

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private async Task<StoredJob> CompleteAsync(string tenant, StoredJob job, CancellationToken cancellationToken)
    {
        if (job.GenerationId is { } id)
            return job with { Generation = await generations.FindAsync(tenant, id, cancellationToken) };
        return (await EstimateAsync(tenant, [job], cancellationToken))[0];
    }
}
