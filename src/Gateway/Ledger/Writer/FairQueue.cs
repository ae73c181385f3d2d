namespace Gateway.Ledger.Writer;

/// <summary>
/// Requests that wait for a slot of the account: first in, first out within a tenant. Whose turn it is among tenants is
/// decided by <see cref="Rules.ShareRules"/>; here each has its turn to be asked.
/// </summary>
internal sealed class FairQueue
{
    /// <summary>In the order of turns: the first has the next slot.</summary>
    private readonly List<TenantQueue> _tenants = [];

    private volatile bool _isClosed;

    public int Count { get; private set; }

    /// <summary>From now on nothing waits: the process is shutting down. May be called by another thread.</summary>
    public void Close() => _isClosed = true;

    public bool IsClosed => _isClosed;

    public void Add(ReserveOperation operation)
    {
        var queue = Find(operation);
        if (queue is null)
            _tenants.Add(queue = new TenantQueue(operation.Tenant));
        // One that keeps its place goes before those that came later.
        var before = queue.Waiting.Last;
        while (before?.Value.QueuedAt > operation.QueuedAt)
            before = before.Previous;
        if (before is null)
            queue.Waiting.AddFirst(operation);
        else
            queue.Waiting.AddAfter(before, operation);
        Count++;
    }

    /// <summary>The next ones in turn, which stay in the queue; of each tenant at least the oldest.</summary>
    public List<ReserveOperation> Next(int most)
    {
        most = Math.Max(most, _tenants.Count);
        var next = new List<ReserveOperation>(Math.Min(most, Count));
        var heads = _tenants.Select(queue => queue.Waiting.First).ToList();
        while (next.Count < most && heads.Exists(head => head is not null))
        {
            for (var i = 0; i < heads.Count && next.Count < most; i++)
            {
                if (heads[i] is not { } head)
                    continue;
                next.Add(head.Value);
                heads[i] = head.Next;
            }
        }
        return next;
    }

    /// <summary>Those that were abandoned, or have waited as long as they may.</summary>
    public List<ReserveOperation> Expired(long now)
    {
        if (Count == 0)
            return [];
        if (!_isClosed)
            return [.. _tenants.SelectMany(queue => queue.Expired(now))];
        var all = Next(int.MaxValue);
        all.ForEach(waiting => waiting.TryElsewhere = true);
        return all;
    }

    /// <param name="operation">One that waits.</param>
    /// <param name="served">It got a slot, so its tenant's next turn comes after all others'.</param>
    public void Remove(ReserveOperation operation, bool served)
    {
        var queue = Find(operation);
        if (queue is null || !queue.Waiting.Remove(operation))
            return;
        Count--;
        if (!served && queue.Waiting.Count > 0)
            return;
        _tenants.Remove(queue);
        if (queue.Waiting.Count > 0)
            _tenants.Add(queue);
    }

    private TenantQueue? Find(ReserveOperation operation) => _tenants.Find(queue => queue.Tenant == operation.Tenant);

    private sealed record TenantQueue(string Tenant)
    {
        public LinkedList<ReserveOperation> Waiting { get; } = [];

        /// <summary>Each with its place among those whose callers wait.</summary>
        public IEnumerable<ReserveOperation> Expired(long now)
        {
            var place = 0;
            foreach (var operation in Waiting)
            {
                operation.Place = operation.IsAbandoned ? place : ++place;
                if (operation.IsAbandoned || operation.QueueUntil <= now)
                    yield return operation;
            }
        }
    }
}
