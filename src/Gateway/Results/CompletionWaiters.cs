using Gateway.Tenants;

namespace Gateway.Results;

/// <summary>
/// The callers of this process that wait for a generation to end. They cause no extra polls: the watcher polls each
/// generation once and completes all its waiters.
/// </summary>
internal sealed class CompletionWaiters(GenerationRepository generations, TimeProvider time, IHostApplicationLifetime lifetime)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, List<TaskCompletionSource<StoredGeneration?>>> _waiting = new(StringComparer.Ordinal);

    /// <summary>How many callers wait for each generation, by its id.</summary>
    public Dictionary<string, int> Counts
    {
        get
        {
            lock (_lock)
                return _waiting.ToDictionary(entry => entry.Key, entry => entry.Value.Count, StringComparer.Ordinal);
        }
    }

    /// <summary>Whether anybody waits for this generation.</summary>
    public bool Has(string id)
    {
        lock (_lock)
            return _waiting.ContainsKey(id);
    }

    /// <summary>The process is shutting down, so every wait ends.</summary>
    public bool IsStopping => lifetime.ApplicationStopping.IsCancellationRequested;

    /// <summary>
    /// Waits until the generation has ended, <paramref name="timeout"/> is over, or the process shuts down.
    /// </summary>
    /// <returns>Its state at that moment; null: deleted, or not this tenant's.</returns>
    /// <exception cref="OperationCanceledException">The caller disconnected; its subscription is removed.</exception>
    public async Task<StoredGeneration?> WaitAsync(Tenant tenant, string id, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var completion = new TaskCompletionSource<StoredGeneration?>(TaskCreationOptions.RunContinuationsAsynchronously);
        // Subscribes before it reads, so an end between the two is not missed.
        Subscribe(id, completion);
        try
        {
            var found = await generations.FindAsync(tenant.Id, id, cancellationToken);
            if (found is null or { IsEnded: true } || timeout <= TimeSpan.Zero)
                return found;
            try
            {
                using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
                return await completion.Task.WaitAsync(timeout, time, either.Token);
            }
            catch (Exception exception)
                when (exception is TimeoutException
                    || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested)
                )
            {
                return await generations.FindAsync(tenant.Id, id, cancellationToken);
            }
        }
        finally
        {
            Unsubscribe(id, completion);
        }
    }

    /// <param name="ended">Null: deleted.</param>
    public void Complete(string id, StoredGeneration? ended)
    {
        List<TaskCompletionSource<StoredGeneration?>>? waiters;
        lock (_lock)
        {
            if (!_waiting.Remove(id, out waiters))
                return;
        }
        foreach (var waiter in waiters)
            waiter.TrySetResult(ended);
    }

    private void Subscribe(string id, TaskCompletionSource<StoredGeneration?> completion)
    {
        lock (_lock)
        {
            if (!_waiting.TryGetValue(id, out var waiters))
                _waiting[id] = waiters = [];
            waiters.Add(completion);
        }
    }

    private void Unsubscribe(string id, TaskCompletionSource<StoredGeneration?> completion)
    {
        lock (_lock)
        {
            if (_waiting.TryGetValue(id, out var waiters) && waiters.Remove(completion) && waiters.Count == 0)
                _waiting.Remove(id);
        }
    }
}
