using Gateway.Ledger.Rules;

namespace Gateway.Ledger.Writer;

/// <summary>What the writer does in one transaction.</summary>
/// <param name="expired">Requests that wait for a slot no longer.</param>
/// <param name="candidates">Requests whose turn it is to get a slot.</param>
/// <param name="renewsLease">Whether this instance's lease is renewed with it.</param>
/// <param name="started">Timestamp.</param>
internal sealed class WriterBatch(
    List<LedgerOperation> operations,
    List<ReserveOperation> expired,
    List<ReserveOperation> candidates,
    bool renewsLease,
    long started
)
{
    public List<LedgerOperation> Operations => operations;

    public List<ReserveOperation> Expired => expired;

    public List<ReserveOperation> Candidates => candidates;

    public bool RenewsLease => renewsLease;

    public long Started => started;

    /// <summary>What it was decided on; null: not decided yet, so that nothing of it can be durable.</summary>
    public LedgerUnitOfWork? State { get; private set; }

    /// <param name="isFirst">Whether the store is used for the first time since the start.</param>
    public LedgerKeys Keys(bool isFirst)
    {
        var keys = new LedgerKeys { Sweep = isFirst, AloneSinceStart = isFirst };
        foreach (var operation in operations.Concat(expired).Concat(candidates))
            operation.AddKeysTo(keys);
        keys.Slots = expired.Count + candidates.Count + operations.OfType<ReserveOperation>().Count();
        return keys;
    }

    /// <summary>Each operation on its own: one that fails changes nothing, and the others do not notice.</summary>
    public void Decide(AdmissionRules rules, long leaseDeadline)
    {
        State = rules.State;
        // Otherwise in the order in which they came.
        foreach (var operation in operations.OrderBy(operation => !operation.ComesFirst))
            operation.Decide(rules);
        foreach (var waiting in expired)
            waiting.StopWaiting(rules);
        var reserved = operations.OfType<ReserveOperation>().Where(operation => !operation.HasResult && operation.Fault is null);
        Forward([.. candidates, .. reserved], rules, leaseDeadline);
    }

    /// <summary>The tenants in turn, the requests of each in their order.</summary>
    private static void Forward(List<ReserveOperation> ready, AdmissionRules rules, long leaseDeadline)
    {
        if (ready.Count < 2)
        {
            ready.ForEach(only => only.TryForward(rules, leaseDeadline));
            return;
        }
        var tenants = ready
            .GroupBy(operation => operation.Tenant, StringComparer.Ordinal)
            .Select(group => new Queue<ReserveOperation>(group))
            .ToList();
        while (tenants.MinBy(tenant => rules.Shares.StartOf(tenant.Peek().Tenant)) is { } next)
        {
            next.Dequeue().TryForward(rules, leaseDeadline);
            if (next.Count == 0)
                tenants.Remove(next);
        }
    }
}
