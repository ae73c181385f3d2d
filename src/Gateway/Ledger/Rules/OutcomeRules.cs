namespace Gateway.Ledger.Rules;

/// <summary>The rules of outcomes (L3 to L6), over what was loaded under the lock: how a reservation ends.</summary>
internal sealed class OutcomeRules(LedgerUnitOfWork state, QuotaOptions options)
{
    private static readonly Outcome OrphanedOutcome = new(
        "outcome-unknown",
        504,
        "The gateway stopped while this request was being sent. The generation may exist; what was reserved stays held until that is known."
    );

    /// <summary>The answer where Leonardo names a generation that cannot be this request's (T-H9).</summary>
    public static Outcome OwnershipConflict { get; } =
        new(
            "outcome-unknown",
            502,
            "Leonardo answered with a generation that belongs to another request. The quota stays held, and no caller gets the generation until it is known what happened."
        );

    public JobRules Jobs { get; } = new(state);

    /// <summary>L3, by the upstream's own answer: the cost it stated is compared with the computed price.</summary>
    /// <param name="implausible">What was stated, if the settlement charges something else.</param>
    /// <returns>Whether the reservation has this generation now.</returns>
    public bool Settle(Guid id, Settlement settlement, string why, string? trace = null, ImplausibleCost? implausible = null)
    {
        var before = state.Find(id)?.State;
        if (!Attach(id, settlement, why, trace))
            return false;
        var row = state.Find(id)!;
        if (before != row.State)
            state.Prices.Observe(row, implausible is null ? settlement.CostMicros : implausible.Micros, state.Now);
        return true;
    }

    /// <summary>A generation that has an owner is not given to another (T-H9): the outcome is unknown then.</summary>
    private bool Attach(Guid id, Settlement settlement, string why, string? trace = null)
    {
        if (FindOrAlarm(id, "settled") is not { } row)
            return false;
        if (state.FindGeneration(settlement.GenerationId) is { } owned)
        {
            if (owned.ReservationId == id)
                return true;
            state.Alarms.Add(
                $"Leonardo gave generation {settlement.GenerationId} to reservation {id}, but it belongs to reservation {owned.ReservationId}"
            );
            Unknown(id, OwnershipConflict, "generation-owned");
            return false;
        }
        if (!row.State.MayBecome(ReservationState.Settled))
        {
            state.Alarms.Add($"Reservation {id} was accepted as generation {settlement.GenerationId}, but its state is {row.State}");
            return false;
        }
        // What was unknown has no caller any more: the next repeat gets it.
        var known = row.State == ReservationState.Forwarding ? row : row.WithoutCaller(state.Now);
        state.Move(
            row,
            known with
            {
                State = ReservationState.Settled,
                // Written off before: it is counted at its price already.
                Charged = row.Charged ?? settlement.CostMicros,
                Settlement = settlement,
                EndedAt = state.Now,
            },
            why
        );
        state.Add(new GenerationRow(settlement.GenerationId, row.Tenant, id, state.Now, trace) { User = row.User });
        return true;
    }

    /// <summary>L4. Only when there is certainly no generation.</summary>
    /// <param name="outcome">Null: nothing was ever sent.</param>
    /// <returns>Whether it is void now.</returns>
    public bool Release(Guid id, Outcome? outcome, string why)
    {
        if (state.Find(id) is not { } row || row.State == ReservationState.Void)
            return true;
        if (!row.State.MayBecome(ReservationState.Void))
        {
            state.Alarms.Add($"Reservation {id} was refused, but its state is {row.State}");
            return false;
        }
        if (row.JobId is null)
            state.Move(row, Released(row, outcome, outcome is { KeepsIdempotencyKey: true }), why);
        else
            Jobs.Release(row, outcome, why, isRefused: outcome is { KeepsIdempotencyKey: true });
        return true;
    }

    /// <summary>L5. Reported by its own sender, which has finished with it: it is fenced from now on.</summary>
    /// <returns>Whether it is unknown now.</returns>
    public bool Unknown(Guid id, Outcome outcome, string why)
    {
        if (FindOrAlarm(id, "reported unknown") is not { } row)
            return false;
        if (row.State == ReservationState.Forwarding)
            state.Move(
                row,
                (row with { State = ReservationState.Unknown, Outcome = outcome, FencedAt = state.Now }).WithoutCaller(state.Now),
                why
            );
        else if (row.State == ReservationState.Unknown)
            state.Move(row, row with { Outcome = outcome, FencedAt = Earlier(row.FencedAt, state.Now) }, why);
        else
            return false;
        return true;
    }

    /// <summary>L6.</summary>
    /// <returns>False: it is too early to release it, or it is not unknown any more.</returns>
    public bool Reconcile(Guid id, ReconciliationResult result)
    {
        if (state.Find(id) is not { State: ReservationState.Unknown or ReservationState.WrittenOff } row)
            return false;
        switch (result)
        {
            case ReconciliationResult.Found found when state.FindGeneration(found.Settlement.GenerationId) is null:
                // Nothing was stated for it: what was reserved is charged.
                Attach(id, found.Settlement, found.Why);
                return true;
            case ReconciliationResult.Absent absent when absent.ByOperator || row.FencedAt <= state.Now:
                // What an operator releases without proof is not sent again.
                if (row.JobId is not null && !absent.ByOperator)
                    Jobs.Release(row, absent.Outcome, absent.Why);
                else
                    state.Move(row, Released(row, absent.Outcome, keepsKey: false), absent.Why);
                return true;
            case ReconciliationResult.Spent spent when row.State == ReservationState.Unknown:
                state.Move(row, row.WrittenOff(state.Now), spent.Why);
                return true;
            default:
                return false;
        }
    }

    /// <summary>A generation is COMPLETE or FAILED: its slot is free. What was charged stays charged.</summary>
    /// <returns>True: a generation that has no slot, or no owner, needs no change.</returns>
    public bool End(string generationId)
    {
        if (state.FindGeneration(generationId) is { } generation && state.Find(generation.ReservationId) is { RunningUntil: not null } row)
            state.Move(row, row with { RunningUntil = null }, "end");
        return true;
    }

    /// <summary>The same, with its result. Last, because the list is not undone.</summary>
    public bool End(GenerationEnd end)
    {
        End(end.Id);
        state.Ends.Add(end);
        return true;
    }

    /// <summary>Frees the slots whose time limit is over. Comes first in a batch.</summary>
    public void EndExpiredSlots()
    {
        foreach (var row in state.ExpiredSlots.Select(state.Find).OfType<Reservation>())
        {
            if (row.RunningUntil <= state.Now)
                TryMove(row, row with { RunningUntil = null }, "overrun");
        }
    }

    /// <summary>
    /// L4-sweep and L5 for what stopped instances left open; the write-off of L6 for what stayed unknown past its
    /// grace.
    /// </summary>
    /// <returns>How many reservations changed their state.</returns>
    public int Sweep()
    {
        // By a wrong clock the lease of every instance would be over.
        if (state.IsClockStopped)
            return 0;
        var moved = 0;
        foreach (var row in state.Orphans.Select(state.Find).OfType<Reservation>())
        {
            if (row.State == ReservationState.Reserved)
                moved += TryMove(row, Released(row, null, keepsKey: false), "orphan");
            else if (row.State == ReservationState.Forwarding)
                moved += TryMove(row, Orphaned(row), "orphan");
        }
        foreach (var row in state.Stale.Select(state.Find).OfType<Reservation>())
        {
            if (row.State == ReservationState.Unknown && row.ForwardedAt <= state.Now - options.UnknownGrace)
                moved += TryMove(row, row.WrittenOff(state.Now), "grace-over");
        }
        foreach (var row in state.Jobs.TooOld.Select(Jobs.FindQueued).OfType<Reservation>())
            moved += Try(row, ReservationState.Void, "too-old", () => Jobs.Expire(row));
        return moved;
    }

    /// <summary>One reservation that cannot be moved must not keep the others from it.</summary>
    private int TryMove(Reservation before, Reservation after, string why) =>
        Try(before, after.State, why, () => state.Move(before, after, why));

    private int Try(Reservation before, ReservationState to, string why, Action move)
    {
        if (state.Attempt(move) is not { } fault)
            return 1;
        state.Alarms.Add($"Reservation {before.Id} cannot go from {before.State} to {to} ({why}): {fault.Message}");
        return 0;
    }

    private Reservation Released(Reservation row, Outcome? outcome, bool keepsKey) =>
        row with
        {
            State = ReservationState.Void,
            Charged = null,
            Outcome = outcome,
            IdempotencyKey = keepsKey && row.State != ReservationState.Reserved ? row.IdempotencyKey : null,
            RunningUntil = null,
            EndedAt = state.Now,
            OwedBy = null,
        };

    /// <summary>
    /// Its sender may only be paused: for one more lease it may wake up, see that its lease is over, and stop.
    /// </summary>
    private Reservation Orphaned(Reservation row) =>
        (row with { State = ReservationState.Unknown, Outcome = OrphanedOutcome, FencedAt = state.Now + options.Lease }).WithoutCaller(
            state.Now
        );

    private static DateTimeOffset Earlier(DateTimeOffset? one, DateTimeOffset other) => one < other ? one.Value : other;

    private Reservation? FindOrAlarm(Guid id, string what)
    {
        var row = state.Find(id);
        if (row is null)
            state.Alarms.Add($"Reservation {id} was {what}, but the store does not have it");
        return row;
    }
}
