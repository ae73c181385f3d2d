using Gateway.Ledger;
using Gateway.Ledger.Maintenance;
using Gateway.Ledger.Rules;
using Gateway.Leonardo;
using Gateway.Leonardo.Key;
using Gateway.Models;
using Gateway.Storage;

namespace Gateway.Admin;

/// <summary>
/// <c>GET /admin/upstream</c>: the key, the account's balance, what is running, the price ratios, the last errors.
/// </summary>
internal sealed class UpstreamEndpoint(
    LeonardoKey key,
    LeonardoOptions options,
    AccountBalance account,
    UpstreamStatus status,
    QuotaLedger ledger,
    QuotaOptions quotas,
    PriceRatioRepository ratios,
    Database database,
    TimeProvider time
)
{
    private static readonly TimeSpan BalanceTimeout = TimeSpan.FromSeconds(2);

    public async Task<IResult> GetAsync(CancellationToken cancellationToken)
    {
        // If Leonardo does not answer, the operator needs the rest of this answer most.
        var refreshing = account.RefreshAsync(CancellationToken.None);
        await Task.WhenAny(refreshing, Task.Delay(BalanceTimeout, time, cancellationToken));
        var balance = refreshing.IsCompletedSuccessfully ? await refreshing : account.Known;
        var raised = await ratios.ReadAsync(cancellationToken);
        var backlog = await LedgerBacklog.ReadAsync(database, cancellationToken);
        return TypedResults.Json(
            new AdminUpstream(
                options.Simulator,
                new AdminKey(key.Tail, status.IsKeyRefused),
                balance is null ? null : new AdminBalance(balance.Amount, balance.At.UtcDateTime),
                new AdminSlots(backlog.Running, quotas.ConcurrentGenerations, quotas.GenerationsPerMinute),
                ledger.Waiting,
                new AdminOpen(
                    backlog.Reserved,
                    backlog.Forwarding,
                    backlog.Unknown,
                    backlog.OldestUnknown?.UtcDateTime,
                    ledger.Delayed,
                    ledger.Alarms
                ),
                [.. ModelCatalogue.All.Select(model => AdminPriceRatio.From(model.Name, raised.GetValueOrDefault(model.Name)))],
                [.. status.RecentErrors().Select(error => new AdminFault(error.At.UtcDateTime, error.Outcome, error.Why))]
            ),
            AdminJson.Default.AdminUpstream
        );
    }
}

/// <param name="Simulator">Whether the bundled simulator takes Leonardo's place.</param>
/// <param name="Balance">From <c>GET /v1/me</c>, at most a minute old if Leonardo answers; null: not known yet.</param>
/// <param name="Waiting">Requests of this replica that are waiting for a slot.</param>
/// <param name="PriceRatios">Of every model the gateway serves.</param>
/// <param name="LastErrors">This replica's last errors, newest first, at most 20.</param>
internal sealed record AdminUpstream(
    bool Simulator,
    AdminKey Key,
    AdminBalance? Balance,
    AdminSlots Slots,
    int Waiting,
    AdminOpen Open,
    IReadOnlyList<AdminPriceRatio> PriceRatios,
    IReadOnlyList<AdminFault> LastErrors
);

/// <param name="Tail">The last four characters; null: no key, or one too short to show any.</param>
/// <param name="Refused">Whether Leonardo refused the key at its last use.</param>
internal sealed record AdminKey(string? Tail, bool Refused);

/// <param name="Tokens">In the account's own unit, which Leonardo does not document.</param>
internal sealed record AdminBalance(decimal Tokens, DateTime At);

/// <param name="Used">Generations that are running, all replicas together.</param>
internal sealed record AdminSlots(long Used, int Limit, int PerMinute);

/// <summary>Reservations without an outcome, all replicas together.</summary>
/// <param name="DelayedOutcomes">This replica's outcomes that could not be written to the store yet.</param>
/// <param name="LedgerAlarms">Contradictions that this replica found since its start; its log has the details.</param>
internal sealed record AdminOpen(
    long Reserved,
    long Forwarding,
    long Unknown,
    DateTime? OldestUnknown,
    int DelayedOutcomes,
    long LedgerAlarms
);

/// <param name="Outcome">The name of the problem.</param>
/// <param name="Why">Begins with dns, refused, timeout, tls, proxy or answer.</param>
internal sealed record AdminFault(DateTime At, string Outcome, string Why);
