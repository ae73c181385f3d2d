using Gateway.Quotas;

namespace Gateway.Tests.Harness;

internal static class LedgerAnswers
{
    public static async Task<Admission.Admitted> AdmittedAsync(this QuotaLedger ledger, ReservationRequest request) =>
        (await ledger.AdmitAsync(request, CancellationToken.None)).ShouldBeOfType<Admission.Admitted>();

    public static async Task<Admission.Exceeded> ExceededAsync(this QuotaLedger ledger, ReservationRequest request) =>
        (await ledger.AdmitAsync(request, CancellationToken.None)).ShouldBeOfType<Admission.Exceeded>();

    public static QuotaStatus Quota(this IReadOnlyList<QuotaStatus> quotas, string name) => quotas.Single(quota => quota.Name == name);

    public static async Task<QuotaStatus> QuotaAsync(this QuotaLedger ledger, Gateway.Tenants.Tenant tenant, string name) =>
        (await ledger.StatusAsync(tenant, fresh: true, CancellationToken.None)).Quota(name);
}
