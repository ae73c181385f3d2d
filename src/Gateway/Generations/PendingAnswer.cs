using Gateway.Ledger;
using Gateway.Ledger.Rules;

namespace Gateway.Generations;

/// <summary>What one caller without an Idempotency-Key is owed. Whether it was delivered is reported once.</summary>
/// <param name="isCallerGone">Null: only the server says so.</param>
internal sealed class PendingAnswer(PendingAnswers all, RepeatKey key, long started, Func<bool>? isCallerGone)
{
    private readonly TaskCompletionSource _known = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CancellationTokenRegistration _callerGone;
    private (AnswerLedger Ledger, AnswerClaim Claim)? _owed;
    private long _presentUntil;
    private int _isReported;

    public RepeatKey Key => key;

    public long Started => started;

    /// <summary>Timestamp; null: it is not written yet.</summary>
    public long? AnsweredAt { get; private set; }

    /// <summary>Completes when it is delivered, or a repeat may get it.</summary>
    public Task IsKnown => _known.Task;

    /// <summary>
    /// Whether the caller is known to be gone, by the server or by the system, and this is not recorded.
    /// </summary>
    public bool IsCallerGone => !_known.Task.IsCompleted && (Volatile.Read(ref _isReported) != 0 || isCallerGone?.Invoke() == true);

    /// <summary>Timestamp at which the caller was last seen to be there, or everything was recorded.</summary>
    public long PresentUntil(long now) => IsCallerGone ? Math.Max(started, _presentUntil) : _presentUntil = now;

    /// <summary>From now on the ledger knows that this caller waits.</summary>
    public void Claim(AnswerLedger ledger, AnswerClaim claim, CancellationToken cancellationToken)
    {
        _callerGone.Unregister();
        _owed = (ledger, claim);
        _callerGone = cancellationToken.UnsafeRegister(static state => _ = ((PendingAnswer)state!).HangUpAsync(), this);
    }

    /// <summary>From now on the connection shows whether the caller is there.</summary>
    public void Writing() => _callerGone.Unregister();

    public void Written(long at) => AnsweredAt = at;

    /// <summary>The caller is gone, or got only an error.</summary>
    public async Task HangUpAsync()
    {
        if (!TryReport() || _owed is not { } owed)
            return;
        try
        {
            await owed.Ledger.HangUpAsync(owed.Claim);
        }
        finally
        {
            Complete();
        }
    }

    public void Deliver()
    {
        if (!TryReport())
            return;
        if (_owed is { } owed)
            owed.Ledger.Deliver(owed.Claim);
        Complete();
    }

    /// <summary>There is nothing that a repeat could get.</summary>
    public void Drop()
    {
        if (TryReport())
            Complete();
    }

    private bool TryReport()
    {
        if (Interlocked.Exchange(ref _isReported, 1) != 0)
            return false;
        _callerGone.Unregister();
        if (_owed is null)
            Complete();
        return true;
    }

    private void Complete()
    {
        all.Remove(this);
        _known.TrySetResult();
    }
}
