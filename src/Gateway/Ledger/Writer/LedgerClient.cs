using Gateway.Edge;
using Gateway.Ledger.Rules;
using Gateway.Tenants;

namespace Gateway.Ledger.Writer;

/// <summary>Posts operations to the writer and waits for their results.</summary>
/// <param name="storeTimeout">How long a result is waited for.</param>
internal sealed class LedgerClient(LedgerWriter writer, TimeSpan storeTimeout, TimeProvider time)
{
    private const int TenantsPerBatch = 32;
    private static readonly TimeSpan StatusTimeout = TimeSpan.FromMilliseconds(250);

    /// <summary>An operation that is retried until it is durable, whether or not the caller still waits.</summary>
    /// <param name="decide">Returns whether it agrees with the ledger.</param>
    /// <param name="comesFirst">See <see cref="LedgerOperation.ComesFirst"/>.</param>
    public async Task<RecordingResult> RecordAsync(Action<LedgerKeys> addKeys, Func<AdmissionRules, bool> decide, bool comesFirst = false)
    {
        var operation = new LedgerOperation<bool>(addKeys, decide, mustBeRecorded: true, comesFirst);
        if (!writer.Post(operation) || !await IsDoneAsync(operation.Task, storeTimeout))
            return RecordingResult.Delayed;
        // What can never be recorded has raised an alarm.
        return operation.Task.IsCompletedSuccessfully && await operation.Task ? RecordingResult.Durable : RecordingResult.Conflict;
    }

    /// <summary>An operation that may be lost.</summary>
    /// <exception cref="StoreUnavailableException">The store did not answer in time.</exception>
    public async Task<T> RunAsync<T>(Action<LedgerKeys> addKeys, Func<AdmissionRules, T> decide, TimeSpan? timeout = null)
    {
        var operation = new LedgerOperation<T>(addKeys, decide, mustBeRecorded: false);
        if (!writer.Post(operation) || !await IsDoneAsync(operation.Task, timeout ?? storeTimeout))
            throw new StoreUnavailableException("The ledger did not answer in time.");
        return await operation.Task;
    }

    /// <summary>A tenant's quotas for a header, with little waiting.</summary>
    /// <exception cref="StoreUnavailableException">The store did not answer in time.</exception>
    public Task<IReadOnlyList<QuotaStatus>> StatusAsync(Tenant tenant) =>
        RunAsync(keys => keys.Tenants.Add(tenant.Id), rules => rules.Quotas(tenant), StatusTimeout);

    /// <summary>
    /// In several batches, so that no admission waits while the rows of all tenants are read. By tenant.
    /// </summary>
    /// <exception cref="StoreUnavailableException">The store did not answer in time.</exception>
    public async Task<Dictionary<string, IReadOnlyList<QuotaStatus>>> QuotasAsync(
        IReadOnlyCollection<Tenant> all,
        CancellationToken cancellationToken
    )
    {
        var quotas = new Dictionary<string, IReadOnlyList<QuotaStatus>>(all.Count, StringComparer.Ordinal);
        foreach (var some in all.Chunk(TenantsPerBatch))
        {
            var read = await RunAsync(
                    keys => keys.Tenants.UnionWith(some.Select(one => one.Id)),
                    rules => some.Select(one => (one.Id, Quotas: rules.Quotas(one))).ToList()
                )
                .WaitAsync(cancellationToken);
            foreach (var (id, status) in read)
                quotas.Add(id, status);
        }
        return quotas;
    }

    /// <exception cref="StoreUnavailableException">The store did not answer in time.</exception>
    public Task<TenantUsage> UsageAsync(Tenant tenant, CancellationToken cancellationToken) =>
        RunAsync(
                keys =>
                {
                    keys.Tenants.Add(tenant.Id);
                    keys.Queue = true;
                },
                rules => new TenantUsage(rules.Quotas(tenant), rules.Totals(tenant), rules.Shares.Queue(tenant.Id))
            )
            .WaitAsync(cancellationToken);

    /// <summary>In several batches too.</summary>
    /// <exception cref="StoreUnavailableException">The store did not answer in time.</exception>
    public async Task<List<(string Tenant, QueueStatus Queue)>> QueuesAsync(
        IReadOnlyCollection<string> tenants,
        CancellationToken cancellationToken
    )
    {
        var queues = new List<(string, QueueStatus)>(tenants.Count);
        foreach (var some in tenants.Chunk(TenantsPerBatch))
        {
            var read = await RunAsync(
                    keys =>
                    {
                        keys.Queue = true;
                        // How many jobs are queued, of those too who have not asked for long.
                        keys.Tenants.UnionWith(some);
                    },
                    rules => some.Select(tenant => (tenant, rules.Shares.Queue(tenant))).ToList()
                )
                .WaitAsync(cancellationToken);
            queues.AddRange(read);
        }
        return queues;
    }

    public async Task<bool> IsAvailableAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await RunAsync(_ => { }, _ => true).WaitAsync(cancellationToken);
        }
        catch (StoreUnavailableException)
        {
            return false;
        }
    }

    /// <summary>Whether the task ends in this time, successfully or not.</summary>
    public async ValueTask<bool> IsDoneAsync(Task task, TimeSpan timeout)
    {
        await task.WaitAsync(timeout, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return task.IsCompleted;
    }
}
