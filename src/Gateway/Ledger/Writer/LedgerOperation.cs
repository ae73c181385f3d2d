using Gateway.Ledger.Rules;

namespace Gateway.Ledger.Writer;

/// <summary>Something the writer does inside a batch. Decided under the lock, answered once the batch is durable.</summary>
internal abstract class LedgerOperation
{
    /// <summary>Whether it is tried until it is durable: the outcome of something already sent must not be lost.</summary>
    public abstract bool Survives { get; }

    /// <summary>Whether nobody waits for it any more.</summary>
    public abstract bool IsAbandoned { get; }

    public abstract void Need(LedgerKeys keys);

    /// <summary>May be called again, for another batch, when the first was not stored.</summary>
    public abstract void Decide(AdmissionRules batch);

    /// <summary>The batch is durable.</summary>
    public abstract void Answer();

    /// <summary>The batch may or may not be durable. Not called for those that survive.</summary>
    public abstract void Fail(Exception fault);
}

/// <summary>One with an answer of its own.</summary>
/// <param name="need">What it looks at.</param>
/// <param name="decide">Its decision and answer.</param>
/// <param name="survives">See <see cref="LedgerOperation.Survives"/>.</param>
internal sealed class LedgerOperation<T>(Action<LedgerKeys> need, Func<AdmissionRules, T> decide, bool survives) : LedgerOperation
{
    private readonly TaskCompletionSource<T> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T? _decided;

    public Task<T> Task => _answer.Task;

    public override bool Survives => survives;

    public override bool IsAbandoned => false;

    public override void Need(LedgerKeys keys) => need(keys);

    public override void Decide(AdmissionRules batch) => _decided = decide(batch);

    public override void Answer() => _answer.TrySetResult(_decided!);

    public override void Fail(Exception fault) => _answer.TrySetException(fault);
}

/// <summary>A request for quota, which may have to wait for a slot of the account between two batches.</summary>
internal sealed class ReserveOperation(ReservationRequest request, Guid id, long queueUntil) : LedgerOperation
{
    private readonly TaskCompletionSource<Admission> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Admission? _decided;

    public Guid Id => id;

    public string Tenant => request.Tenant.Id;

    /// <summary>Timestamp until which it may wait for a slot.</summary>
    public long QueueUntil => queueUntil;

    /// <summary>Reserved and durable; only a slot is missing.</summary>
    public bool IsWaiting { get; private set; }

    /// <summary>Decided, in the batch that is under way. Not: reserved, and waits for a slot.</summary>
    public bool HasAnswer => _decided is not null;

    /// <summary>Marked as forwarded by the batch that is under way.</summary>
    public bool IsForwarded => _decided is Admission.Admitted;

    public Task<Admission> Task => _answer.Task;

    public override bool Survives => false;

    /// <summary>Its caller has gone, or has been told that the store is away.</summary>
    public override bool IsAbandoned => _answer.Task.IsCompleted;

    public override void Need(LedgerKeys keys)
    {
        keys.Tenants.Add(Tenant);
        if (IsWaiting)
            keys.Reservations.Add(id);
        else if (request.IdempotencyKey is { } key)
            keys.IdempotencyKeys.Add((Tenant, key));
    }

    public override void Decide(AdmissionRules batch) => _decided = batch.Reserve(id, request);

    /// <summary>Tries for a slot, at the end of a batch.</summary>
    public void Forward(AdmissionRules batch, long leaseDeadline)
    {
        if (batch.TryForward(id))
            _decided = new Admission.Admitted(id, batch.State.Now, batch.Quotas(request.Tenant), leaseDeadline);
        else if (batch.State.Find(id)?.State != ReservationState.Reserved)
            _decided = new Admission.Unavailable(1, "The reservation was swept away while it waited for a slot.");
    }

    /// <summary>Gives up waiting.</summary>
    public void Leave(AdmissionRules batch)
    {
        _decided = new Admission.Saturated(batch.SecondsUntilSlot());
        batch.Outcomes.Release(id, null, IsAbandoned ? "caller-gone" : "queue-timeout");
    }

    public override void Answer() => TryAnswer();

    /// <summary>Answers, or begins to wait.</summary>
    /// <returns>False: the caller has gone. If it was admitted, it will not be sent.</returns>
    public bool TryAnswer()
    {
        if (_decided is null)
        {
            IsWaiting = true;
            return true;
        }
        return _answer.TrySetResult(_decided);
    }

    public override void Fail(Exception fault) => GiveUp("The store did not answer, or not in time. Nothing was sent.");

    /// <summary>Whatever the store has of it, nothing was sent and nothing will be: gives it all back.</summary>
    public LedgerOperation ReleaseUnsent() =>
        new LedgerOperation<bool>(
            keys => keys.Reservations.Add(id),
            batch =>
            {
                batch.Outcomes.Release(id, null, "never-sent");
                return true;
            },
            survives: true
        );

    public void GiveUp(string detail) => _answer.TrySetResult(new Admission.Unavailable(1, detail));

    public void CallerGone(CancellationToken cancellationToken) => _answer.TrySetCanceled(cancellationToken);
}
