using Gateway.Edge;
using Gateway.Ledger.Rules;
using Gateway.Ledger.Writer;

namespace Gateway.Ledger;

/// <summary>Records who received the answer to a request without an Idempotency-Key (INV-14, docs/ledger.md).</summary>
internal sealed class AnswerLedger(LedgerWriter writer, LedgerClient client)
{
    /// <summary>
    /// Timestamp up to which it is recorded of every caller whether it is gone. Asked when a batch begins; other
    /// replicas rely on it.
    /// </summary>
    public Func<long> CallersRecordedUntil
    {
        set => writer.CallersRecordedUntil = value;
    }

    /// <summary>
    /// The caller who waits for this answer is gone, or got only an error. Returns when a repeat may get it.
    /// </summary>
    public Task HangUpAsync(AnswerClaim answer) =>
        client.RecordAsync(keys => keys.AddAnswer(answer), rules => rules.Repeats.HangUp(answer), comesFirst: true);

    /// <summary>The caller has this answer: no repeat gets it. Recorded with the next batch.</summary>
    public void Deliver(AnswerClaim answer) =>
        writer.PostLazily(
            new LedgerOperation<bool>(
                keys => keys.Delivered.Add(answer),
                // The store writes it before it loads anything.
                static _ =>
                    true,
                mustBeRecorded: true
            )
        );

    /// <summary>How a reservation has ended; null: it has not.</summary>
    /// <exception cref="StoreUnavailableException">The store did not answer.</exception>
    public Task<StoredOutcome?> FindOutcomeAsync(Guid reservationId, CancellationToken cancellationToken) =>
        client.RunAsync(keys => keys.Answers.Add(reservationId), rules => rules.OutcomeOf(reservationId)).WaitAsync(cancellationToken);
}
