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
    public Task<Quote> QuoteAsync(GenerationRequest request, Tenant tenant, CancellationToken cancellationToken) =>
        ledger.QuoteAsync(tenant, request.Quantity, request.PriceMicros, request.Model.Name, cancellationToken);
}
