namespace Gateway.Ledger.Rules;

/// <summary>What a batch of operations reads.</summary>
internal sealed class LedgerKeys
{
    /// <summary>With their windows of the running day and month, and their last minute.</summary>
    public HashSet<string> Tenants { get; } = new(StringComparer.Ordinal);

    /// <summary>
    /// Of an outcome: with their windows and their counter, but without their last minute, which it does not read.
    /// </summary>
    public HashSet<string> Charged { get; } = new(StringComparer.Ordinal);
    public HashSet<Guid> Reservations { get; } = [];
    public HashSet<(string Tenant, string Key)> IdempotencyKeys { get; } = [];
    public HashSet<string> Generations { get; } = new(StringComparer.Ordinal);

    /// <summary>
    /// Reservations of which only the answer's debtor may change: they are read without their balances.
    /// </summary>
    public HashSet<Guid> Answers { get; } = [];

    /// <summary>Jobs of which only the answer's debtor may change, whatever their reservation is by now.</summary>
    public HashSet<Guid> JobAnswers { get; } = [];

    /// <summary>Whether a job may be tried again: what was asked for is read with its reservation.</summary>
    public bool MayRetry { get; private set; }

    /// <summary>
    /// Answers that were delivered. Every accepted request without an Idempotency-Key ends so: the store writes them
    /// without loading a row, before anything is read. An earlier caller's report changes nothing.
    /// </summary>
    public List<AnswerClaim> Delivered { get; } = [];

    /// <summary>How many operations of the batch are settlements (L3).</summary>
    public int Settlements { get; set; }

    /// <summary>
    /// Whether the batch does nothing but settle and note deliveries: it may be answered before it is flushed.
    /// </summary>
    public bool MayFlushLater { get; set; }

    /// <summary>Requests without an Idempotency-Key: equal ones whose answer is still owed are read.</summary>
    public HashSet<RepeatKey> Repeats { get; } = [];

    /// <summary>Models whose price ratio is read or may rise.</summary>
    public List<string> Models { get; } = [];

    /// <summary>
    /// How many requests want a slot: whether slots are scarce depends on it, and then <see cref="Competition"/> is
    /// read.
    /// </summary>
    public int Slots { get; set; }

    /// <summary>
    /// Whether what the account has in use is read: its slots, and what was sent in the last minute. Outcomes do not
    /// read it.
    /// </summary>
    public bool Account => Tenants.Count > 0 || Slots > 0 || Queue || Jobs || Sweep || RenewsLease;

    /// <summary>Slots whose time limit is over are freed then at the latest.</summary>
    public bool RenewsLease { get; set; }

    /// <summary>Whether the oldest queued jobs of each tenant are read.</summary>
    public bool Jobs { get; set; }

    /// <summary>Whether <see cref="Competition"/> is read in any case.</summary>
    public bool Queue { get; set; }

    /// <summary>
    /// Whether to look for reservations whose process is gone, and for unknown ones past their grace.
    /// </summary>
    public bool Sweep { get; set; }

    /// <summary>Whether to load what is unknown, oldest first.</summary>
    public bool Unknown { get; set; }

    /// <summary>
    /// Whether every other instance is known to be gone: the store belongs to this process alone, and it has just
    /// started.
    /// </summary>
    public bool AloneSinceStart { get; set; }

    public void AddAnswer(AnswerClaim answer)
    {
        if (answer.JobId is { } job)
            JobAnswers.Add(job);
        else
            Answers.Add(answer.ReservationId);
    }

    public void AddSettlement(string generationId)
    {
        Generations.Add(generationId);
        Settlements++;
    }

    /// <summary>A reservation of which there may certainly be no generation.</summary>
    public void AddReleased(Guid id)
    {
        Reservations.Add(id);
        MayRetry = true;
    }

    public void AddAdmission(string tenant, string model)
    {
        Tenants.Add(tenant);
        AddModel(model);
    }

    public void AddOutcome(string tenant, string model)
    {
        Charged.Add(tenant);
        AddModel(model);
    }

    private void AddModel(string model)
    {
        if (!Models.Contains(model))
            Models.Add(model);
    }
}
