namespace Gateway.Ledger.Writer;

/// <summary>
/// Requests that wait for a slot of the account: first in, first out within a tenant, round-robin among tenants.
/// </summary>
internal sealed class FairQueue
{
    /// <summary>In the order of turns: the first has the next slot.</summary>
    private readonly List<TenantQueue> _tenants = [];

    public int Count { get; private set; }

    public void Add(ReserveOperation operation)
    {
        var queue = Find(operation);
        if (queue is null)
            _tenants.Add(queue = new TenantQueue(operation.Tenant));
        queue.Waiting.AddLast(operation);
        Count++;
    }

    /// <summary>The next ones in turn, which stay in the queue.</summary>
    public List<ReserveOperation> Next(int most)
    {
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
    public List<ReserveOperation> Expired(long now) =>
        Count == 0
            ? []
            : [.. _tenants.SelectMany(queue => queue.Waiting).Where(waiting => waiting.IsAbandoned || waiting.QueueUntil <= now)];

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
    }
}
