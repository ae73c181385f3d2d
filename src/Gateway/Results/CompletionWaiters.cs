using Gateway.Storage;
using Gateway.Tenants;

namespace Gateway.Results;

/// <summary>Everybody in this process who waits for a generation to end. They cost the upstream nothing: the watcher's one schedule wakes them all.</summary>
internal sealed class CompletionWaiters(GenerationRepository register, TimeProvider time, IHostApplicationLifetime lifetime)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, List<TaskCompletionSource<StoredGeneration?>>> _waiting = new(StringComparer.Ordinal);

    /// <summary>The generations that anybody waits for.</summary>
    public IReadOnlyCollection<string> Ids
    {
        get
        {
            lock (_lock)
                return [.. _waiting.Keys];
        }
    }

    public int Count
    {
        get
        {
            lock (_lock)
                return _waiting.Values.Sum(list => list.Count);
        }
    }

    /// <summary>The process is on its way out: nobody waits any more.</summary>
    public bool IsStopping => lifetime.ApplicationStopping.IsCancellationRequested;

    /// <summary>Waits until the generation has ended, at most this long, and not beyond the end of the process.</summary>
    /// <returns>As it stands then; null: it is not this tenant's, or no longer.</returns>
    /// <exception cref="OperationCanceledException">The caller has gone; nothing is left of it here.</exception>
    public async Task<StoredGeneration?> WaitAsync(Tenant tenant, string id, TimeSpan most, CancellationToken cancellationToken)
    {
        var completion = new TaskCompletionSource<StoredGeneration?>(TaskCreationOptions.RunContinuationsAsynchronously);
        // Enters before it looks: an end between the two is not missed.
        Subscribe(id, completion);
        try
        {
            var found = await register.FindAsync(tenant.Id, id, cancellationToken);
            if (found is null or { IsEnded: true } || most <= TimeSpan.Zero)
                return found;
            try
            {
                using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
                return await completion.Task.WaitAsync(most, time, either.Token);
            }
            catch (Exception enough)
                when (enough is TimeoutException || (enough is OperationCanceledException && !cancellationToken.IsCancellationRequested))
            {
                return await register.FindAsync(tenant.Id, id, cancellationToken);
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
        List<TaskCompletionSource<StoredGeneration?>>? all;
        lock (_lock)
        {
            if (!_waiting.Remove(id, out all))
                return;
        }
        foreach (var waiting in all)
            waiting.TrySetResult(ended);
    }

    private void Subscribe(string id, TaskCompletionSource<StoredGeneration?> completion)
    {
        lock (_lock)
        {
            if (!_waiting.TryGetValue(id, out var all))
                _waiting[id] = all = [];
            all.Add(completion);
        }
    }

    private void Unsubscribe(string id, TaskCompletionSource<StoredGeneration?> completion)
    {
        lock (_lock)
        {
            if (_waiting.TryGetValue(id, out var all) && all.Remove(completion) && all.Count == 0)
                _waiting.Remove(id);
        }
    }
}
