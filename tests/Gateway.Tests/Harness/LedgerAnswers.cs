using Gateway.Ledger;
using Gateway.Ledger.Rules;

namespace Gateway.Tests.Harness;

internal static class LedgerAnswers
{
    public static async Task<Admission.Admitted> AdmittedAsync(this QuotaLedger ledger, ReservationRequest request) =>
        (await ledger.AdmitAsync(request, CancellationToken.None)).ShouldBeOfType<Admission.Admitted>();

    /// <summary>One that has to wait for a slot.</summary>
    public static async Task<Task<Admission>> AdmittedLaterAsync(this QuotaLedger ledger, ReservationRequest request)
    {
        var waiting = ledger.Waiting;
        var later = ledger.AdmitAsync(request, CancellationToken.None);
        await ledger.UntilWaitingAsync(waiting + 1);
        return later;
    }

    public static async Task<Admission.Exceeded> ExceededAsync(this QuotaLedger ledger, ReservationRequest request) =>
        (await ledger.AdmitAsync(request, CancellationToken.None)).ShouldBeOfType<Admission.Exceeded>();

    public static IEnumerable<string> Policies(this Admission.Exceeded exceeded) =>
        exceeded.Violated.Select(violated => violated.Quota.Name);

    /// <summary>Waits until this many requests queue for a slot.</summary>
    public static async Task UntilWaitingAsync(this QuotaLedger ledger, int count)
    {
        for (var i = 0; i < 2000 && ledger.Waiting != count; i++)
            await Task.Delay(5);
        ledger.Waiting.ShouldBe(count);
    }

    public static QuotaStatus Quota(this IReadOnlyList<QuotaStatus> quotas, string name) => quotas.Single(quota => quota.Name == name);

    public static async Task<QuotaStatus> QuotaAsync(this QuotaLedger ledger, Gateway.Tenants.Tenant tenant, string name) =>
        (await ledger.FreshAsync(tenant)).Quota(name);

    public static async Task<IReadOnlyList<QuotaStatus>> FreshAsync(this QuotaLedger ledger, Gateway.Tenants.Tenant tenant) =>
        (await ledger.QuotasAsync([tenant], CancellationToken.None))[tenant.Id];
}
