using System.Data.Common;
using Gateway.Ledger.Rules;
using Gateway.Storage;

namespace Gateway.Ledger.Maintenance;

/// <summary>
/// Checks the ledger against itself while it is used: every balance against the reservations, every reservation against
/// its events. It only reads, beside the writer, and in small steps.
/// </summary>
/// <remarks>
/// INV-2, 5, 6, 7, 9, 10 and 11. The schema constrains INV-8 and INV-12. INV-1 depends on limits that may have changed,
/// INV-3 and INV-4 on what Leonardo received, INV-13 on the caller: tests check those.
/// </remarks>
internal sealed class LedgerAudit(Database database, QuotaOptions options, TimeProvider time)
{
    private const int MaxViolations = 100;

    /// <summary>From then on a day that is over has no new reservations, by any replica's clock.</summary>
    private static readonly TimeSpan Overlap = TimeSpan.FromHours(1);

    private readonly AuditStatements _statements = new(options);

    /// <summary>What was read of the running day, by tenant, and the last reservation that there was then.</summary>
    private readonly Dictionary<string, (TenantWalk Walk, long Sequence)> _recent = new(StringComparer.Ordinal);

    /// <summary>
    /// What changed since the last call: new reservations, those that were open, and the balances that they count in;
    /// the slots, and what has been open for too long. The first call reads the running day.
    /// </summary>
    /// <returns>One line for each violation; at most 100.</returns>
    public async Task<IReadOnlyList<string>> CheckRecentAsync(CancellationToken cancellationToken)
    {
        var violations = new List<string>();
        var now = time.GetUtcNow();
        // Most of it in steps, so that what is left for the snapshot is little.
        foreach (var (tenant, sequence) in await database.ReadAsync(AuditStatements.ReadCountersAsync, cancellationToken))
        {
            if (!_recent.TryGetValue(tenant, out var known))
                _recent.Add(tenant, known = (new TenantWalk(tenant, Period.DayStart(now)), -1));
            if (sequence - known.Sequence > TenantWalk.SliceSize)
                while (await ReadSliceAsync(known.Walk, violations, cancellationToken)) { }
        }
        await database.ReadSnapshotAsync(
            async (connection, cancellationToken) =>
            {
                foreach (var (tenant, sequence) in await AuditStatements.ReadCountersAsync(connection, cancellationToken))
                {
                    if (!_recent.TryGetValue(tenant, out var known))
                        continue;
                    if (known.Sequence < sequence)
                        await known.Walk.CompleteAsync(connection, violations, cancellationToken);
                    await known.Walk.RefreshAsync(connection, database.Dialect, violations, cancellationToken);
                    _recent[tenant] = (known.Walk, sequence);
                }
                await CompareRecentAsync(connection, violations, cancellationToken);
                violations.AddRange(await _statements.CheckWholeAsync(connection, Period.MonthOf(now), cancellationToken));
                return true;
            },
            cancellationToken
        );
        foreach (var (walk, _) in _recent.Values)
            walk.Forget(Period.DayOf(now - Overlap));
        return Bounded(violations);
    }

    /// <summary>Reads a tenant of the past on, and compares the days that it has passed with their balances.</summary>
    /// <param name="walk">Keeps the position between two calls.</param>
    /// <param name="compared">The last day that was compared.</param>
    /// <param name="violations">Gets what is found.</param>
    /// <returns>The last day compared now; <see cref="PastPosition.LastDay"/>: the tenant is complete.</returns>
    public async Task<string> CheckPastAsync(
        TenantWalk walk,
        string compared,
        ICollection<string> violations,
        CancellationToken cancellationToken
    )
    {
        var isComplete = !await ReadSliceAsync(walk, violations, cancellationToken);
        // The day of the last reservation may go on.
        var passed = isComplete ? PastPosition.LastDay : Period.DayOf(Period.StartOf(walk.Day!).AddDays(-1));
        if (string.CompareOrdinal(passed, compared) <= 0)
            return compared;
        var days = await database.ReadAsync(
            (connection, cancellationToken) => FindWrongDaysAsync(connection, walk, compared, passed, cancellationToken),
            cancellationToken
        );
        foreach (var day in days)
        {
            if (await IsWrongAsync(walk.Tenant, day, cancellationToken))
                violations.Add(Wrong(walk.Tenant, day));
        }
        walk.Drop(passed);
        return passed;
    }

    /// <summary>The totals of all tenants, days and months against one another, at the end of a pass.</summary>
    public Task<List<string>> CheckTotalsAsync(CancellationToken cancellationToken) =>
        database.ReadAsync(
            (connection, cancellationToken) => _statements.CheckWholeAsync(connection, "", cancellationToken),
            cancellationToken
        );

    private Task<bool> ReadSliceAsync(TenantWalk walk, ICollection<string> violations, CancellationToken cancellationToken) =>
        database.ReadAsync(
            (connection, cancellationToken) => walk.ReadSliceAsync(connection, violations, cancellationToken),
            cancellationToken
        );

    private async Task CompareRecentAsync(DbConnection connection, List<string> violations, CancellationToken cancellationToken)
    {
        foreach (var day in _recent.Values.SelectMany(known => known.Walk.Days).Distinct(StringComparer.Ordinal).ToList())
        {
            var balances = await AuditStatements.ReadBalancesAsync(connection, day, cancellationToken);
            foreach (var (tenant, (walk, _)) in _recent)
            {
                if (walk.Days.Contains(day, StringComparer.Ordinal) && walk.BalanceOf(day) != balances.GetValueOrDefault(tenant))
                    violations.Add(Wrong(tenant, day));
            }
        }
    }

    /// <summary>Days after one and up to another whose balance is not what the walk has added up.</summary>
    public static async Task<List<string>> FindWrongDaysAsync(
        DbConnection connection,
        TenantWalk walk,
        string after,
        string upTo,
        CancellationToken cancellationToken
    )
    {
        var balances = await AuditStatements.ReadBalancesAsync(connection, walk.Tenant, after, upTo, cancellationToken);
        return
        [
            .. walk
                .Days.Where(day => string.CompareOrdinal(day, after) > 0 && string.CompareOrdinal(day, upTo) <= 0)
                .Union(balances.Keys, StringComparer.Ordinal)
                .Where(day => walk.BalanceOf(day) != balances.GetValueOrDefault(day)),
        ];
    }

    /// <summary>
    /// Whether a day is wrong at one instant. A walk reads it at several, and outcomes are recorded in between.
    /// </summary>
    private Task<bool> IsWrongAsync(string tenant, string day, CancellationToken cancellationToken) =>
        database.ReadSnapshotAsync(
            async (connection, cancellationToken) =>
            {
                if (string.CompareOrdinal(day, await AuditStatements.ReadKeptFromAsync(connection, cancellationToken)) < 0)
                    return false;
                var walk = new TenantWalk(tenant, Period.StartOf(day));
                while (await walk.ReadSliceAsync(connection, [], cancellationToken) && walk.Day == day) { }
                var before = Period.DayOf(Period.StartOf(day).AddDays(-1));
                return (await FindWrongDaysAsync(connection, walk, before, day, cancellationToken)).Count > 0;
            },
            cancellationToken
        );

    public static string Wrong(string tenant, string day) => $"the balance is not the sum of the reservations (INV-2): {tenant} {day}";

    private static List<string> Bounded(List<string> violations) => [.. violations.Take(MaxViolations)];
}
