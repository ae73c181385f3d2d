using Gateway.Ledger.Rules;

namespace Gateway.Ledger.Writer;

/// <summary>Whether the store still holds what it has confirmed to this process (T-G13, T-G16).</summary>
internal sealed class StoreContinuity
{
    private (Guid Epoch, long Events)? _seen;

    /// <summary>Why nothing may be admitted; null: nothing is missing.</summary>
    public string? Judge(LedgerRow ledger) =>
        IsContinued(ledger)
            ? null
            : "The store has lost what it had confirmed: it was replaced, or restored from a backup. Restart the gateway to accept it as it is.";

    public void OnStored(LedgerRow ledger)
    {
        if (IsContinued(ledger))
            _seen = (ledger.Epoch, ledger.Events);
    }

    private bool IsContinued(LedgerRow ledger) => _seen is not { } seen || (ledger.Epoch == seen.Epoch && ledger.Events >= seen.Events);
}
