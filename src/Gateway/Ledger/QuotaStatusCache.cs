using System.Collections.Concurrent;
using Gateway.Ledger.Rules;
using Gateway.Tenants;

namespace Gateway.Ledger;

/// <summary>Each tenant's quotas as last read, for headers.</summary>
internal sealed class QuotaStatusCache(TimeProvider time)
{
    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, (IReadOnlyList<QuotaStatus> Quotas, long At)> _entries = new(StringComparer.Ordinal);

    /// <returns>The last known quotas, empty if there are none; and whether they are recent.</returns>
    public (IReadOnlyList<QuotaStatus> Quotas, bool IsFresh) Find(Tenant tenant) =>
        _entries.TryGetValue(tenant.Id, out var entry) ? (entry.Quotas, time.GetElapsedTime(entry.At) < MaxAge) : ([], false);

    public void Set(Tenant tenant, IReadOnlyList<QuotaStatus> quotas) => _entries[tenant.Id] = (quotas, time.GetTimestamp());
}
