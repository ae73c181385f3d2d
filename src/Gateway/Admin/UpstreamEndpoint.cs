using Gateway.Ledger;
using Gateway.Ledger.Maintenance;
using Gateway.Ledger.Rules;
using Gateway.Leonardo;
using Gateway.Leonardo.Key;
using Gateway.Storage;

namespace Gateway.Admin;

/// <summary><c>GET /admin/upstream</c>: the key in use, what is left, what is running, what went wrong last.</summary>
internal sealed class UpstreamEndpoint(
    LeonardoKey key,
    LeonardoOptions options,
    AccountBalance account,
    UpstreamStatus status,
    QuotaLedger ledger,
    QuotaOptions quotas,
    Database database,
    TimeProvider time
)
{
    private static readonly TimeSpan BalancePatience = TimeSpan.FromSeconds(2);

    public async Task<IResult> Get(CancellationToken cancellationToken)
    {
        // An account that hangs must not keep back the rest, which is what is asked for then.
        var asking = account.RefreshAsync(CancellationToken.None);
        await Task.WhenAny(asking, Task.Delay(BalancePatience, time, cancellationToken));
        var balance = asking.IsCompletedSuccessfully ? await asking : account.Known;
        var open = await LedgerBacklog.ReadAsync(database, cancellationToken);
        return TypedResults.Json(
            new AdminUpstream(
                options.Simulator,
                new AdminKey(key.Tail, status.IsKeyRefused),
                balance is null ? null : new AdminBalance(balance.Amount, balance.At.UtcDateTime),
                new AdminSlots(open.Running, quotas.ConcurrentGenerations, quotas.GenerationsPerMinute),
                ledger.Waiting,
                new AdminOpen(open.Reserved, open.Forwarding, open.Unknown, open.OldestUnknown?.UtcDateTime, ledger.Delayed, ledger.Alarms),
                [.. status.RecentErrors().Select(fault => new AdminFault(fault.At.UtcDateTime, fault.Outcome, fault.Why))]
            ),
            AdminJson.Default.AdminUpstream
        );
    }
}

/// <param name="Simulator">Whether the bundled simulator stands in.</param>
/// <param name="Balance">By <c>GET /v1/me</c>, at most a minute old if the account answers; null: never known.</param>
/// <param name="Waiting">Requests of this replica that wait for a slot.</param>
/// <param name="LastErrors">Of this replica, newest first, at most 20.</param>
internal sealed record AdminUpstream(
    bool Simulator,
    AdminKey Key,
    AdminBalance? Balance,
    AdminSlots Slots,
    int Waiting,
    AdminOpen Open,
    IReadOnlyList<AdminFault> LastErrors
);

/// <param name="Tail">The last four characters; null: none, or too short to show any.</param>
/// <param name="Refused">Whether Leonardo refused it last.</param>
internal sealed record AdminKey(string? Tail, bool Refused);

/// <param name="Tokens">In the account's own unit, which Leonardo does not document.</param>
internal sealed record AdminBalance(decimal Tokens, DateTime At);

/// <param name="Used">Generations that run now, all replicas together.</param>
internal sealed record AdminSlots(long Used, int Limit, int PerMinute);

/// <summary>What has no outcome yet, all replicas together.</summary>
/// <param name="DelayedOutcomes">Of this replica: outcomes that could not be written to the store yet.</param>
/// <param name="LedgerAlarms">Of this replica, since its start: contradictions; see its log.</param>
internal sealed record AdminOpen(
    long Reserved,
    long Forwarding,
    long Unknown,
    DateTime? OldestUnknown,
    int DelayedOutcomes,
    long LedgerAlarms
);

/// <param name="Outcome">The problem's name.</param>
internal sealed record AdminFault(DateTime At, string Outcome, string? Why);
