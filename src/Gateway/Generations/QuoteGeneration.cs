using Gateway.Ledger;
using Gateway.Ledger.Rules;
using Gateway.Tenants;

namespace Gateway.Generations;

/// <summary>
/// What a request would cost, and whether it would be admitted now. Sends nothing and reserves nothing.
/// </summary>
internal sealed class QuoteGeneration(QuotaLedger ledger)
{
    /// <returns>Null: the store is unavailable.</returns>
    public async Task<Quote?> QuoteAsync(GenerationRequest request, Tenant tenant, CancellationToken cancellationToken)
    {
        var price = request.PriceMicros;
        if (await ledger.QuotasAsync([tenant], cancellationToken) is not { } all)
            return null;
        var quotas = all[tenant.Id];
        string[] violated = [.. quotas.Where(quota => !quota.Admits(request.Quantity, price)).Select(quota => quota.Name)];
        return new Quote(request.Quantity, price, violated, quotas);
    }
}

/// <param name="Micros">The price in micro-dollars.</param>
/// <param name="Violated">The quotas that would not admit the request now.</param>
internal sealed record Quote(int Images, long Micros, IReadOnlyList<string> Violated, IReadOnlyList<QuotaStatus> Quotas);
