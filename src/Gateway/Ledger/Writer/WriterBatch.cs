using Gateway.Ledger.Rules;

namespace Gateway.Ledger.Writer;

/// <summary>What the writer does in one transaction.</summary>
/// <param name="expired">Requests that wait for a slot no longer.</param>
/// <param name="candidates">Requests whose turn it is to get a slot.</param>
/// <param name="jobs">Who sends queued jobs whose turn it may be; null: none is looked at.</param>
/// <param name="renewsLease">Whether this instance's lease is renewed with it.</param>
/// <param name="started">Timestamp.</param>
internal sealed class WriterBatch(
    List<LedgerOperation> operations,
    List<ReserveOperation> expired,
    List<ReserveOperation> candidates,
    JobDispatch? jobs,
    bool renewsLease,
    long started
)
{
    public List<LedgerOperation> Operations => operations;

    public List<ReserveOperation> Expired => expired;

    public List<ReserveOperation> Candidates => candidates;

    public bool RenewsLease => renewsLease;

    /// <summary>
    /// Timestamp up to which nothing that this instance knew of its callers is left to be recorded after it: a sign of
    /// life for other replicas (INV-14). Null: it is none.
    /// </summary>
    public long? SignUntil { get; set; }

    public bool LooksForJobs => jobs is not null;

    /// <summary>Jobs that are marked as forwarded by this batch.</summary>
    public List<ClaimedJob> Claimed { get; } = [];

    public long Started => started;

    /// <summary>What it was decided on; null: not decided yet, so that nothing of it can be durable.</summary>
    public LedgerUnitOfWork? State { get; private set; }

    /// <param name="isFirst">Whether the store is used for the first time since the start.</param>
    public LedgerKeys Keys(bool isFirst)
    {
        var keys = new LedgerKeys
        {
            Sweep = isFirst,
            AloneSinceStart = isFirst,
            Jobs = LooksForJobs,
            RenewsLease = renewsLease,
        };
        foreach (var operation in operations.Concat(expired).Concat(candidates))
            operation.AddKeysTo(keys);
        keys.MayFlushLater =
            !isFirst
            && !renewsLease
            && !keys.Jobs
            && expired.Count + candidates.Count == 0
            && keys.Settlements + keys.Delivered.Count == operations.Count;
        keys.Slots = expired.Count + candidates.Count + operations.OfType<ReserveOperation>().Count() + (keys.Jobs ? LedgerStore.Heads : 0);
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
        // Most batches have one request and no jobs.
        if (State.Jobs.Heads.Count == 0 && candidates.Count == 0 && reserved.Take(2).ToList() is [var only])
        {
            only.TryForward(rules, leaseDeadline);
            return;
        }
        Forward(
            [
                .. candidates.Concat(reserved).Select(ready => (ready.Tenant, (Action)(() => ready.TryForward(rules, leaseDeadline)))),
                .. State.Jobs.Heads.Select(id => (State.Find(id)!.Tenant, (Action)(() => TryClaim(id, rules, leaseDeadline)))),
            ],
            rules
        );
    }

    /// <summary>The tenants in turn; the requests of each in their order, and then its jobs.</summary>
    private static void Forward(List<(string Tenant, Action Try)> ready, AdmissionRules rules)
    {
        var tenants = ready
            .GroupBy(one => one.Tenant, StringComparer.Ordinal)
            .Select(group => new Queue<(string Tenant, Action Try)>(group))
            .ToList();
        while (tenants.MinBy(tenant => rules.Shares.StartOf(tenant.Peek().Tenant)) is { } next)
        {
            next.Dequeue().Try();
            if (next.Count == 0)
                tenants.Remove(next);
        }
    }

    /// <summary>One job that cannot be moved must not keep the others from it.</summary>
    private void TryClaim(Guid id, AdmissionRules rules, long leaseDeadline)
    {
        Reservation? claimed = null;
        var name = State!.Find(id)!.Tenant;
        if (State.Attempt(() => claimed = rules.TryClaim(id, jobs!.FindTenant(name), jobs.IsSuspended(name))) is { } fault)
            State.Alarms.Add($"Reservation {id} of a job cannot be sent: {fault.Message}");
        else if (claimed is not null)
            Claimed.Add(new ClaimedJob(claimed, new Admission.Admitted(id, State.Now, [], leaseDeadline, null)));
    }
}
