using Gateway.Ledger.Rules;
using Gateway.Tenants;

namespace Gateway.Ledger.Writer;

/// <summary>The rules of this replica, for one batch after the other.</summary>
/// <param name="organization">The organisation's limits, as they are in force when asked.</param>
/// <param name="weightOf">A tenant's share when several want the account, at least 1.</param>
internal sealed class LedgerRules(
    QuotaOptions options,
    Func<QuotaLimits> organization,
    Func<string, int> weightOf,
    Guid instance,
    TimeProvider time
)
{
    private readonly AwaitedTurns _awaited = new(time);

    /// <param name="refusal">Why nothing may be admitted now; null: it may.</param>
    public AdmissionRules Create(LedgerUnitOfWork state, string? refusal = null)
    {
        _awaited.Keep(state.Competition);
        return new AdmissionRules(state, options, organization(), instance, new ShareRules(state, options, weightOf, _awaited), refusal);
    }
}
