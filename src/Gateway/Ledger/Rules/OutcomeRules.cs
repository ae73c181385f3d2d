namespace Gateway.Ledger.Rules;

/// <summary>The rules of outcomes (ledger, sections 2, 4 and 5), over what was loaded under the lock: what becomes of a reservation that was made.</summary>
internal sealed class OutcomeRules(LedgerUnitOfWork state, QuotaOptions options)
{
    private static readonly Outcome OrphanedOutcome = new(
        "outcome-unknown",
        504,
        "The gateway stopped while this request was under way. The generation may exist; what was reserved stays held until that is known."
    );

    /// <summary>What is told where the upstream names a generation that cannot be this request's (threats H9).</summary>
    public static Outcome OwnershipConflict { get; } =
        new(
            "outcome-unknown",
            502,
            "Leonardo answered with a generation that this request cannot be given. Nobody is given it until it is known what happened."
        );

    /// <summary>T3. An id that is somebody's already is not given away a second time: the outcome is unknown then.</summary>
    /// <returns>Whether the reservation has this generation now.</returns>
    public bool Settle(Guid id, Settlement settlement, string why, string? trace = null)
    {
        if (Known(id, "settled") is not { } row)
            return false;
        if (state.FindGeneration(settlement.GenerationId) is { } owned)
        {
            if (owned.ReservationId == id)
                return true;
            state.Alarms.Add(
                $"Generation {settlement.GenerationId} of reservation {id} belongs to reservation {owned.ReservationId} already"
            );
            Unknown(id, OwnershipConflict, "generation-owned");
            return false;
        }
        if (!row.State.MayBecome(ReservationState.Settled))
        {
            state.Alarms.Add($"Reservation {id} was accepted as generation {settlement.GenerationId}, but is {row.State}");
            return false;
        }
        state.Move(
            row,
            row with
            {
                State = ReservationState.Settled,
                // Written off already: it has been counted at its price, and counts no second time.
                Charged = row.Charged ?? settlement.CostMicros,
                Settlement = settlement,
                EndedAt = state.Now,
            },
            why
        );
        state.Add(new GenerationRow(settlement.GenerationId, row.Tenant, id, state.Now, trace));
        return true;
    }

    /// <summary>T4. Only when there is no generation, for certain.</summary>
    /// <param name="outcome">Null: nothing was ever sent, so that its Idempotency-Key is free again.</param>
    /// <returns>Whether it is void now.</returns>
    public bool Release(Guid id, Outcome? outcome, string why)
    {
        if (state.Find(id) is not { } row || row.State == ReservationState.Void)
            return true;
        if (!row.State.MayBecome(ReservationState.Void))
        {
            state.Alarms.Add($"Reservation {id} was refused, but is {row.State}");
            return false;
        }
        state.Move(
            row,
            row with
            {
                State = ReservationState.Void,
                Charged = null,
                Outcome = outcome,
                IdempotencyKey = outcome is null || row.State == ReservationState.Reserved ? null : row.IdempotencyKey,
                RunningUntil = null,
                EndedAt = state.Now,
            },
            why
        );
        return true;
    }

    /// <summary>T5. Told by its own sender, who is done with it: it is fenced from now on.</summary>
    /// <returns>Whether it is unknown now.</returns>
    public bool Unknown(Guid id, Outcome outcome, string why)
    {
        if (Known(id, "reported unknown") is not { } row)
            return false;
        if (row.State == ReservationState.Forwarding)
            state.Move(row, row with { State = ReservationState.Unknown, Outcome = outcome, FencedAt = state.Now }, why);
        else if (row.State == ReservationState.Unknown)
            state.Move(row, row with { Outcome = outcome, FencedAt = Earlier(row.FencedAt, state.Now) }, why);
        else
            return false;
        return true;
    }

    /// <summary>T6. False: it is too early to say that there is none, or there is nothing left to decide.</summary>
    public bool Reconcile(Guid id, ReconciliationResult verdict)
    {
        if (state.Find(id) is not { State: ReservationState.Unknown or ReservationState.WrittenOff } row)
            return false;
        switch (verdict)
        {
            case ReconciliationResult.Found found when state.FindGeneration(found.Settlement.GenerationId) is null:
                Settle(id, found.Settlement, found.Why);
                return true;
            case ReconciliationResult.Absent absent when absent.ByOperator || row.FencedAt <= state.Now:
                Release(id, absent.Outcome, absent.Why);
                return true;
            case ReconciliationResult.Spent spent when row.State == ReservationState.Unknown:
                state.Move(row, row.WrittenOff(state.Now), spent.Why);
                return true;
            default:
                return false;
        }
    }

    /// <summary>A generation is COMPLETE or FAILED: its slot is free. What was charged stays.</summary>
    public void End(string generationId)
    {
        if (state.FindGeneration(generationId) is { } generation && state.Find(generation.ReservationId) is { RunningUntil: not null } row)
            state.Move(row, row with { RunningUntil = null }, "end");
    }

    /// <summary>Frees the slots whose time is over. Before anything else in a batch.</summary>
    public void EndExpiredSlots()
    {
        foreach (var id in state.ExpiredSlots)
        {
            if (state.Find(id) is { RunningUntil: { } until } row && until <= state.Now)
                state.Move(row, row with { RunningUntil = null }, "overrun");
        }
    }

    /// <summary>T4' and T5 for what dead instances left open, T6 for what stayed unknown too long.</summary>
    /// <returns>How many were moved.</returns>
    public int Sweep()
    {
        // By a wrong clock everybody would be gone.
        if (state.IsClockStopped)
            return 0;
        var moved = 0;
        foreach (var row in state.Orphans.Select(state.Find).OfType<Reservation>())
        {
            if (row.State == ReservationState.Reserved)
                Release(row.Id, null, "orphan");
            else if (row.State == ReservationState.Forwarding)
            {
                // The sender may only be asleep: another lease long it may wake, look at its clock, and stop.
                var unknown = row with
                {
                    State = ReservationState.Unknown,
                    Outcome = OrphanedOutcome,
                    FencedAt = state.Now + options.Lease,
                };
                state.Move(row, unknown, "orphan");
            }
            else
                continue;
            moved++;
        }
        foreach (var row in state.Stale.Select(state.Find).OfType<Reservation>())
        {
            if (row.State != ReservationState.Unknown || row.ForwardedAt > state.Now - options.UnknownGrace)
                continue;
            state.Move(row, row.WrittenOff(state.Now), "grace-over");
            moved++;
        }
        return moved;
    }

    private static DateTimeOffset Earlier(DateTimeOffset? one, DateTimeOffset other) => one < other ? one.Value : other;

    private Reservation? Known(Guid id, string what)
    {
        var row = state.Find(id);
        if (row is null)
            state.Alarms.Add($"Reservation {id} was {what}, but the store has no such reservation");
        return row;
    }
}
