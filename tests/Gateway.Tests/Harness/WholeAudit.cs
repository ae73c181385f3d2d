using Gateway.Ledger;
using Gateway.Ledger.Maintenance;
using Gateway.Ledger.Rules;
using Gateway.Storage;

namespace Gateway.Tests.Harness;

/// <summary>The gateway's audit over everything in a small store, at one instant.</summary>
internal static class WholeAudit
{
    /// <returns>One line for each violation.</returns>
    public static async Task<IReadOnlyList<string>> RunAsync(Database database, QuotaOptions options)
    {
        var violations = new List<string>();
        await database.ReadSnapshotAsync(
            async (connection, cancellationToken) =>
            {
                var kept = await AuditStatements.ReadKeptFromAsync(connection, cancellationToken);
                foreach (var tenant in await AuditStatements.ReadTenantsAsync(connection, cancellationToken))
                {
                    var walk = new TenantWalk(tenant, Period.StartOf(kept));
                    await walk.CompleteAsync(connection, violations, cancellationToken);
                    var days = await LedgerAudit.FindWrongDaysAsync(connection, walk, kept, PastPosition.LastDay, cancellationToken);
                    violations.AddRange(days.Select(day => LedgerAudit.Wrong(tenant, day)));
                }
                violations.AddRange(await new AuditStatements(options).CheckWholeAsync(connection, "", cancellationToken));
                return true;
            },
            CancellationToken.None
        );
        return violations;
    }
}
