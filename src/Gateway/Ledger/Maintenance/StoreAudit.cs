using System.Data.Common;
using Gateway.Ledger.Rules;

namespace Gateway.Ledger.Maintenance;

/// <summary>
/// The audit over the whole ledger at one instant. A running gateway does the same in small steps
/// (<see cref="LedgerAudit"/>).
/// </summary>
internal static class StoreAudit
{
    /// <param name="connection">In a transaction that sees one instant.</param>
    /// <returns>One line for each violation.</returns>
    public static async Task<IReadOnlyList<string>> CheckAsync(
        DbConnection connection,
        QuotaOptions options,
        CancellationToken cancellationToken
    )
    {
        var violations = new List<string>();
        var kept = await AuditStatements.ReadKeptFromAsync(connection, cancellationToken);
        foreach (var tenant in await AuditStatements.ReadTenantsAsync(connection, cancellationToken))
        {
            var walk = new TenantWalk(tenant, Period.StartOf(kept));
            await walk.CompleteAsync(connection, violations, cancellationToken);
            var days = await LedgerAudit.FindWrongDaysAsync(connection, walk, kept, PastPosition.LastDay, cancellationToken);
            violations.AddRange(days.Select(day => LedgerAudit.Wrong(tenant, day)));
        }
        violations.AddRange(await new AuditStatements(options).CheckWholeAsync(connection, "", cancellationToken));
        return violations;
    }

    /// <summary>
    /// Of a store that no gateway runs on: how long something has been open is for the next gateway to clear up.
    /// </summary>
    /// <returns>One line for each violation.</returns>
    public static Task<IReadOnlyList<string>> CheckStoppedAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        var forever = TimeSpan.FromDays(100_000);
        return CheckAsync(connection, new QuotaOptions { QueueTimeout = forever, UnknownGrace = forever }, cancellationToken);
    }
}
