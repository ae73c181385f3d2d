namespace Gateway.Ledger.Rules;

/// <summary>
/// Who owes the answer to a request without an Idempotency-Key, and who gets it (INV-14, docs/ledger.md). HTTP
/// libraries repeat a POST on their own: an equal request gets the answer that nobody received, and is charged nothing.
/// </summary>
internal sealed class RepeatRules(LedgerUnitOfWork state, QuotaOptions options, Guid instance)
{
    /// <summary>
    /// A shorter request is not waited for: a client that asks again so soon has not seen a time-out.
    /// </summary>
    public static readonly TimeSpan LongRequest = TimeSpan.FromSeconds(0.1);

    /// <summary>
    /// A busy replica may notice so late that a caller has gone: what it writes before then says nothing.
    /// </summary>
    private static readonly TimeSpan LatestNotice = TimeSpan.FromSeconds(0.5);

    /// <returns>Null: it is a new request.</returns>
    public Admission? Find(ReservationRequest request)
    {
        var equal = state
            .Owed.GetValueOrDefault(request.RepeatKey, [])
            .Select(state.Find)
            .OfType<Reservation>()
            .Where(row => row.OwedBy is not null)
            .ToList();
        // 1. The oldest one that nobody owes, and that has a generation or may still get one, or is a job.
        if (equal.Find(row => row.JobId is not null && IsFree(row)) is { JobId: { } job } queued)
            return new Admission.Queued(job, Claim(queued), null, IsReplay: true);
        if (equal.Find(row => row.State is ReservationState.Forwarding or ReservationState.Settled && IsFree(row)) is { } free)
            return Claim(free, request);
        // 2. One whose outcome is unknown answers all.
        if (equal.Find(row => row.State is ReservationState.Unknown or ReservationState.WrittenOff && IsFree(row)) is { } unknown)
            return new Admission.Replayed(unknown.Stored());
        // 3. One that another replica has, until that replica has said what it knows.
        if (equal.Exists(row => IsUncertain(row, request.WaitsSince)))
            return new Admission.OwedElsewhere(request.WaitsSince ?? state.Now);
        return null;
    }

    /// <returns>Null: its answer is not owed.</returns>
    public AnswerClaim? AnswerOf(Guid id) =>
        state.Find(id) is { OwedBy: not null, OwedAt: { } since } row ? new AnswerClaim(id, since, row.JobId) : null;

    /// <summary>
    /// The caller is gone, or got only an error: the next repeat gets the answer. An earlier caller's report changes
    /// nothing.
    /// </summary>
    public bool HangUp(AnswerClaim answer)
    {
        var row = answer.JobId is { } job ? state.FindLive(job) : state.Find(answer.ReservationId);
        if (row is not null && row.OwedBy == instance && row.OwedAt == answer.Since)
            state.Move(row, row.OwedByNobody(state.Now), "answer");
        return true;
    }

    private Admission Claim(Reservation free, ReservationRequest request)
    {
        var answer = Claim(free, request.CallerWaits);
        return free.State == ReservationState.Settled ? new Admission.Replayed(free.Stored(), answer) : new Admission.Joined(answer);
    }

    private AnswerClaim Claim(Reservation free, bool callerWaits = false)
    {
        var claimed = free.Owe(instance, state.Now) with { CallerWaits = callerWaits };
        state.Move(free, claimed, "repeat");
        return new AnswerClaim(claimed.Id, claimed.OwedAt!.Value, claimed.JobId);
    }

    /// <summary>Nobody owes it, or a replica that has stopped; and not for longer than the window.</summary>
    private bool IsFree(Reservation row)
    {
        if (row.OwedBy == Reservation.Nobody)
            return state.Now - row.OwedAt < options.RepeatWindow;
        if (row.OwedBy == instance)
            return false;
        var replica = state.Instances.GetValueOrDefault(row.OwedBy!.Value);
        var last = replica?.SeenAt > row.OwedAt ? replica.SeenAt : row.OwedAt;
        return (replica is null || replica.LeaseUntil <= state.Now) && state.Now - last < options.RepeatWindow;
    }

    private bool IsUncertain(Reservation row, DateTimeOffset? since) =>
        row.OwedBy != instance
        && state.Instances.TryGetValue(row.OwedBy!.Value, out var other)
        && other.LeaseUntil > state.Now
        && ((row.CallerWaits ? null : row.EndedAt) ?? state.Now) - row.ReservedAt > LongRequest
        && other.SeenAt <= (since ?? state.Now) + LatestNotice;
}
