using Gateway.Edge;
using Gateway.Ledger.Rules;

namespace Gateway.Ledger.Writer;

/// <summary>One operation of a batch. Decided under the lock, completed once the batch is durable.</summary>
internal abstract class LedgerOperation
{
    /// <summary>
    /// Whether it is retried until it is durable: the outcome of a request that was sent must not be lost.
    /// </summary>
    public abstract bool MustBeRecorded { get; }

    /// <summary>Whether no caller waits for it any more.</summary>
    public abstract bool IsAbandoned { get; }

    /// <summary>Whether it is decided before the others: what frees an answer comes before who asks for it.</summary>
    public virtual bool ComesFirst => false;

    /// <summary>What its decision threw in the batch that is under way; null: it was decided.</summary>
    public Exception? Fault { get; protected set; }

    public abstract void AddKeysTo(LedgerKeys keys);

    /// <summary>
    /// Decides, or keeps the fault and leaves the unit of work as it was. Repeated in a later batch if this one is
    /// not stored.
    /// </summary>
    public void Decide(AdmissionRules rules) => Fault = rules.State.Attempt(() => DecideCore(rules));

    /// <summary>The batch is durable.</summary>
    public abstract void Complete();

    /// <summary>It was not decided, or the batch may not be durable.</summary>
    public abstract void Fail(Exception fault);

    protected abstract void DecideCore(AdmissionRules rules);
}

/// <summary>An operation with a result of its own.</summary>
/// <param name="addKeys">What it reads.</param>
/// <param name="decide">Its decision and result.</param>
/// <param name="mustBeRecorded">See <see cref="LedgerOperation.MustBeRecorded"/>.</param>
internal sealed class LedgerOperation<T>(
    Action<LedgerKeys> addKeys,
    Func<AdmissionRules, T> decide,
    bool mustBeRecorded,
    bool comesFirst = false
) : LedgerOperation
{
    private readonly TaskCompletionSource<T> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T? _result;

    public Task<T> Task => _completion.Task;

    public override bool MustBeRecorded => mustBeRecorded;

    public override bool ComesFirst => comesFirst;

    public override bool IsAbandoned => false;

    public override void AddKeysTo(LedgerKeys keys) => addKeys(keys);

    public override void Complete() => _completion.TrySetResult(_result!);

    public override void Fail(Exception fault) => _completion.TrySetException(fault);

    protected override void DecideCore(AdmissionRules rules) => _result = decide(rules);
}

/// <summary>A request for quota, which may have to wait for a slot of the account between two batches.</summary>
/// <param name="places">Where its place in its tenant's queue is kept, if it gets no slot in time.</param>
/// <param name="mayRepeat">Whether it may be answered from an equal request without an Idempotency-Key.</param>
internal sealed class ReserveOperation(ReservationRequest request, Guid id, KeptPlaces places, long queueUntil, bool mayRepeat)
    : LedgerOperation
{
    private readonly TaskCompletionSource<Admission> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Admission? _result;

    public Guid Id => id;

    public string Tenant => request.Tenant.Id;

    /// <summary>Timestamp by which its place in its tenant's queue is found.</summary>
    public long QueuedAt { get; } = places.Find(request);

    /// <summary>Of those of its tenant that wait; 1 is the oldest. Set when it waits no longer.</summary>
    public int Place { get; set; } = 1;

    /// <summary>Timestamp until which it may wait for a slot.</summary>
    public long QueueUntil => queueUntil;

    /// <summary>Reserved and durable; only a slot is missing.</summary>
    public bool IsWaiting { get; private set; }

    /// <summary>Another replica, or the next process, may have a slot at once.</summary>
    public bool TryElsewhere { get; set; }

    /// <summary>Decided in the batch that is under way. False: it is reserved, and waits for a slot.</summary>
    public bool HasResult => _result is not null;

    /// <summary>Marked as forwarded by the batch that is under way.</summary>
    public bool IsForwarded => _result is Admission.Admitted;

    public Task<Admission> Task => _completion.Task;

    public override bool MustBeRecorded => false;

    /// <summary>Its caller disconnected, or was answered that the store is unavailable.</summary>
    public override bool IsAbandoned => _completion.Task.IsCompleted;

    /// <summary>Null: the gateway refused it, so that it counts nowhere.</summary>
    private Outcome? OutcomeUnsent => _completion.Task.IsCanceled ? Outcome.Abandoned : null;

    public override void AddKeysTo(LedgerKeys keys)
    {
        keys.AddAdmission(Tenant, request.Fingerprint.Model);
        if (IsWaiting)
            keys.Reservations.Add(id);
        else if (request.IdempotencyKey is { } key)
            keys.IdempotencyKeys.Add((Tenant, key));
        else if (mayRepeat)
            keys.Repeats.Add(request.RepeatKey);
    }

    /// <summary>Tries to get a slot, at the end of a batch.</summary>
    public void TryForward(AdmissionRules rules, long leaseDeadline) =>
        Fault = rules.State.Attempt(() =>
        {
            if (rules.State.Find(id)?.State != ReservationState.Reserved)
                _result = new Admission.Unavailable(
                    StoreUnavailableException.RetryAfterSeconds,
                    "The reservation expired while it waited for a slot. Nothing was sent."
                );
            else if (rules.Shares.MayTake(Tenant) && rules.TryForward(id))
                _result = new Admission.Admitted(
                    id,
                    rules.State.Now,
                    rules.Quotas(request.Tenant),
                    leaseDeadline,
                    rules.Repeats.AnswerOf(id)
                );
        });

    /// <summary>Ends the wait for a slot.</summary>
    public void StopWaiting(AdmissionRules rules) =>
        Fault = rules.State.Attempt(() =>
        {
            var place = Place + places.CountBefore(Tenant, QueuedAt);
            _result = new Admission.Saturated(TryElsewhere ? 1 : rules.Shares.Queue(Tenant, place).Seconds);
            rules.Outcomes.Release(id, OutcomeUnsent, IsAbandoned ? "caller-gone" : "queue-timeout");
        });

    public override void Complete() => TryComplete();

    /// <summary>Completes, or begins to wait.</summary>
    /// <returns>False: the caller disconnected. If it was admitted, it will not be sent.</returns>
    public bool TryComplete()
    {
        if (_result is null)
        {
            IsWaiting = true;
            return true;
        }
        if (_result is Admission.Saturated saturated && !IsAbandoned)
            places.Keep(request, QueuedAt, saturated.RetryAfter);
        else if (_result is Admission.Admitted)
            places.Forget(request);
        return _completion.TrySetResult(_result);
    }

    public override void Fail(Exception fault)
    {
        if (fault is StoreUnavailableException)
            ReportUnavailable("The store did not answer, or not in time. Nothing was sent.");
        else
            _completion.TrySetException(fault);
    }

    /// <summary>
    /// Nothing was sent, and its caller is answered so, whatever the store holds of it: releases everything. A job may
    /// have been claimed by now.
    /// </summary>
    public LedgerOperation ReleaseUnsent() =>
        new LedgerOperation<bool>(
            keys => keys.Reservations.Add(id),
            rules => request.Job is null ? rules.Outcomes.Release(id, OutcomeUnsent, "never-sent") : rules.Withdraw(id),
            mustBeRecorded: true
        );

    /// <summary>
    /// Nobody waits for its result: it is not sent, and an answer that it has claimed goes to the next repeat.
    /// </summary>
    /// <returns>Null: there is nothing to undo.</returns>
    public LedgerOperation? Undo()
    {
        // A job whose caller has gone is made all the same; one whose caller was refused is not.
        if (IsForwarded || (_result is Admission.Queued { IsReplay: false } && !_completion.Task.IsCanceled))
            return ReleaseUnsent();
        var claimed = _result switch
        {
            Admission.Joined joined => joined.Answer,
            Admission.Replayed replayed => replayed.Answer,
            Admission.Queued queued => queued.Answer,
            _ => null,
        };
        return claimed is null
            ? null
            : new LedgerOperation<bool>(
                keys => keys.AddAnswer(claimed),
                rules => rules.Repeats.HangUp(claimed),
                mustBeRecorded: true,
                comesFirst: true
            );
    }

    public void ReportUnavailable(string detail) =>
        _completion.TrySetResult(new Admission.Unavailable(StoreUnavailableException.RetryAfterSeconds, detail));

    public void CancelByCaller(CancellationToken cancellationToken) => _completion.TrySetCanceled(cancellationToken);

    protected override void DecideCore(AdmissionRules rules) => _result = rules.Reserve(id, request);
}
