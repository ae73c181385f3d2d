namespace Gateway.Ledger.Writer;

/// <summary>Requests that wait for a slot of the account: first come first served within a tenant, in turn among tenants.</summary>
internal sealed class FairQueue
{
    /// <summary>In the order of turns: the first has the next slot.</summary>
    private readonly List<Line> _lines = [];

    public int Count { get; private set; }

    public void Add(ReserveOperation operation)
    {
        var line = _lines.Find(line => line.Tenant == operation.Tenant);
        if (line is null)
            _lines.Add(line = new Line(operation.Tenant));
        line.Waiting.AddLast(operation);
        Count++;
    }

    /// <summary>The next ones in turn, which stay in the queue.</summary>
    public List<ReserveOperation> Next(int most)
    {
        var next = new List<ReserveOperation>(Math.Min(most, Count));
        var heads = _lines.Select(line => line.Waiting.First).ToList();
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

    /// <summary>Those that wait for nothing any more.</summary>
    public List<ReserveOperation> Expired(long now) =>
        Count == 0 ? [] : [.. _lines.SelectMany(line => line.Waiting).Where(waiting => waiting.IsAbandoned || waiting.QueueUntil <= now)];

    /// <param name="operation">One that waits.</param>
    /// <param name="served">It got a slot, so its tenant goes to the end of the turn.</param>
    public void Remove(ReserveOperation operation, bool served)
    {
        var line = _lines.Find(line => line.Tenant == operation.Tenant);
        if (line is null || !line.Waiting.Remove(operation))
            return;
        Count--;
        if (!served && line.Waiting.Count > 0)
            return;
        _lines.Remove(line);
        if (line.Waiting.Count > 0)
            _lines.Add(line);
    }

    private sealed record Line(string Tenant)
    {
        public LinkedList<ReserveOperation> Waiting { get; } = [];
    }
}
