using Gateway.Edge;
using Gateway.Ledger;
using Gateway.Ledger.Rules;
using Gateway.Tenants;

namespace Gateway.Generations;

/// <summary>
/// What a request would cost, and whether it would be admitted now. Sends nothing and reserves nothing.
/// </summary>
internal sealed class QuoteGeneration(QuotaLedger ledger)
{
    /// <exception cref="StoreUnavailableException">The store did not answer.</exception>
    public async Task<Quote> QuoteAsync(GenerationRequest request, Tenant tenant, CancellationToken cancellationToken)
    {
        var price = request.PriceMicros;
        var quotas = (await ledger.QuotasAsync([tenant], cancellationToken))[tenant.Id];
        string[] violated = [.. quotas.Where(quota => !quota.Admits(request.Quantity, price)).Select(quota => quota.Name)];
        return new Quote(request.Quantity, price, violated, quotas);
    }
}

/// <param name="Micros">The price in micro-dollars.</param>
/// <param name="Violated">The quotas that would not admit the request now.</param>
internal sealed record Quote(int Images, long Micros, IReadOnlyList<string> Violated, IReadOnlyList<QuotaStatus> Quotas);
