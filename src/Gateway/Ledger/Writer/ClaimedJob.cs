using Gateway.Ledger.Rules;
using Gateway.Tenants;

namespace Gateway.Ledger.Writer;

/// <summary>A job that is held, marked as forwarded and durable: this process sends it, once.</summary>
internal sealed record ClaimedJob(Reservation Reservation, Admission.Admitted Admission)
{
    /// <summary>It was certainly not sent: its turn comes again.</summary>
    public LedgerOperation Unsend() =>
        new LedgerOperation<bool>(
            keys => keys.AddReleased(Reservation.Id),
            rules => rules.Outcomes.Jobs.Unsend(Reservation.Id, Reservation.Instance),
            mustBeRecorded: true
        );
}

/// <summary>Who sends the jobs that this process claims.</summary>
/// <param name="FindTenant">With the limits in force; null: it is suspended, or this process does not know it.</param>
/// <param name="Send">Called once it is durable that this process sends it. Must not throw.</param>
internal sealed record JobDispatch(Func<string, Tenant?> FindTenant, Func<string, bool> IsSuspended, Action<ClaimedJob> Send);
