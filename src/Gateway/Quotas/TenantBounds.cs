using Gateway.Ledger.Rules;
using Gateway.Tenants;

namespace Gateway.Quotas;

/// <summary>For reports and headers: what this replica counts itself, beside the quotas of the ledger.</summary>
internal sealed class TenantBounds(TenantRates rates, TenantStreams streams)
{
    public IReadOnlyList<QuotaStatus> GetStatuses(Tenant tenant) =>
        [
            rates.GetStatus(tenant.Id, TenantRates.UploadsMinute),
            rates.GetStatus(tenant.Id, TenantRates.ReadsMinute),
            streams.GetStatus(tenant.Id),
        ];
}
