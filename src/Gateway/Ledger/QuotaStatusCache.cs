using System.Collections.Concurrent;
using Gateway.Ledger.Rules;
using Gateway.Tenants;

namespace Gateway.Ledger;

/// <summary>Each tenant's quotas as last read, for headers.</summary>
/// <param name="readAsync">Reads them from the store.</param>
internal sealed class QuotaStatusCache(Func<Tenant, Task<IReadOnlyList<QuotaStatus>>> readAsync, TimeProvider time, ILogger log)
{
    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, (IReadOnlyList<QuotaStatus> Quotas, long At)> _entries = new(StringComparer.Ordinal);

    /// <summary>At most a second old if they can be read, else the last known ones, or none.</summary>
    public async ValueTask<IReadOnlyList<QuotaStatus>> GetAsync(Tenant tenant, bool isReadable)
    {
        var isKnown = _entries.TryGetValue(tenant.Id, out var entry);
        IReadOnlyList<QuotaStatus> last = isKnown ? entry.Quotas : [];
        if (!isReadable || (isKnown && time.GetElapsedTime(entry.At) < MaxAge))
            return last;
        try
        {
            var quotas = await readAsync(tenant);
            Set(tenant, quotas);
            return quotas;
        }
        catch (Exception fault)
        {
            // The answer itself must not fail for want of a header.
            LedgerLog.NoStatus(log, fault, tenant.Id);
            return last;
        }
    }

    /// <summary>As they stand after it, if it says so.</summary>
    public void Set(Tenant tenant, Admission admission)
    {
        var quotas = admission switch
        {
            Admission.Admitted admitted => admitted.Quotas,
            Admission.Queued queued => queued.Quotas,
            Admission.Exceeded exceeded => exceeded.Quotas,
            _ => null,
        };
        if (quotas is not null)
            Set(tenant, quotas);
    }

    public void Set(Tenant tenant, IReadOnlyList<QuotaStatus> quotas) => _entries[tenant.Id] = (quotas, time.GetTimestamp());
}
