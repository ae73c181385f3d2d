using Gateway.Ledger.Rules;
using Gateway.Storage;

namespace Gateway.Ledger.Maintenance;

/// <summary>
/// Passes over every reservation in the store, a slice with every heartbeat, at least once a day and at most once an
/// hour. Of several replicas one does it.
/// </summary>
internal sealed class PastAudit(Database database, LedgerAudit audit, Guid instance, QuotaOptions options, TimeProvider time)
{
    /// <summary>Less than a day, because a stopped gateway does not read.</summary>
    private static readonly TimeSpan LongestPass = TimeSpan.FromHours(20);
    private static readonly TimeSpan ShortestPass = TimeSpan.FromHours(1);

    /// <summary>What a slice costs apart from its reservations, in reservations.</summary>
    private const int SliceCost = 50;

    private PastPosition? _position;
    private TenantWalk? _walk;

    /// <summary>As exact as the store keeps it: a position is compared with what was read back.</summary>
    private DateTimeOffset Now => UnixMicroseconds.ToTime(time.GetUtcNow().Micros());

    /// <returns>One line for each violation.</returns>
    public async Task<IReadOnlyList<string>> CheckSliceAsync(CancellationToken cancellationToken)
    {
        var now = Now;
        var position = await PastPosition.ClaimAsync(database, instance, now, cancellationToken);
        // Another replica has moved it.
        if (position != _position)
            _walk = null;
        if (position is null || (!position.IsUnderWay && now - position.StartedAt < ShortestPass))
            return [];
        var tenants = await database.ReadAsync(AuditStatements.ReadTenantsAsync, cancellationToken);
        if (!position.IsUnderWay)
            position = position with { Tenant = After("", tenants), Day = "", StartedAt = now };

        var violations = new List<string>();
        var rows = await RowsPerSliceAsync(cancellationToken);
        while (rows > 0 && position.IsUnderWay)
        {
            _walk ??= new TenantWalk(position.Tenant, position.Day.Length == 0 ? DateTimeOffset.UnixEpoch : Period.EndOf(position.Day));
            var before = _walk.Count;
            var day = await audit.CheckPastAsync(_walk, position.Day, violations, cancellationToken);
            rows -= SliceCost + _walk.Count - before;
            if (day == PastPosition.LastDay)
            {
                _walk = null;
                (position, day) = (position with { Tenant = After(position.Tenant, tenants) }, "");
            }
            position = position with { Day = day };
        }
        if (!position.IsUnderWay)
        {
            violations.AddRange(await audit.CheckTotalsAsync(cancellationToken));
            position = position with { FinishedAt = Now };
        }
        // If another replica has taken it over meanwhile, the slice was read twice.
        _position = await position.SaveAsync(database, instance, now, cancellationToken) ? position : null;
        return violations;
    }

    private async Task<long> RowsPerSliceAsync(CancellationToken cancellationToken)
    {
        var counters = await database.ReadAsync(AuditStatements.ReadCountersAsync, cancellationToken);
        var slices = LongestPass / options.Heartbeat;
        return Math.Max(TenantWalk.SliceSize, (long)(counters.Sum(counter => counter.Sequence + SliceCost) / slices));
    }

    /// <returns>Empty: there is no other.</returns>
    private static string After(string tenant, List<string> tenants) => tenants.Find(next => string.CompareOrdinal(next, tenant) > 0) ?? "";
}
