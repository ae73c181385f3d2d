using System.Text.Json;
using Gateway.Edge;
using Gateway.Edge.Problems;
using Gateway.Ledger;
using Gateway.Ledger.Rules;
using Gateway.Models;
using Gateway.Storage;

namespace Gateway.Admin;

/// <summary><c>POST /admin/models/{id}/price-ratio/reset</c>: back to the computed price.</summary>
internal sealed class PriceRatioEndpoint(PriceRatioRepository ratios, AuditTrail audit, Database database)
{
    public async Task<IResult> ResetAsync(string id, HttpRequest request, Operator caller, CancellationToken cancellationToken)
    {
        if (ModelCatalogue.Find(id) is null)
            return new Problem(
                ProblemTypes.NotFound,
                "The gateway has no such model. Nothing was changed; GET /admin/upstream lists the models with their price ratios."
            );
        var (body, refusal) = await AdminBody.ReadAsync(request, AdminJson.Default.ReasonBody);
        if (body is null)
            return refusal!;
        if (AdminBody.ValidateReason(body.Reason) is { } violation)
            return AdminBody.Invalid([violation]);
        var before = AdminPriceRatio.From(id, (await ratios.ReadAsync(cancellationToken)).GetValueOrDefault(id));
        var detail = JsonSerializer.Serialize(before, AdminJson.Default.AdminPriceRatio);
        await database.WriteAsync(
            async (connection, transaction, cancellationToken) =>
            {
                await ratios.ResetAsync(connection, transaction, id, cancellationToken);
                await audit.AddAsync(
                    connection,
                    transaction,
                    new AuditEntry(caller.Name, "price-ratio-reset", id, body.Reason!, detail),
                    cancellationToken
                );
                return true;
            },
            cancellationToken
        );
        return TypedResults.Json(AdminPriceRatio.From(id, null), AdminJson.Default.AdminPriceRatio);
    }
}

/// <summary>By how much new reservations of a model are raised above its computed price.</summary>
/// <param name="Ratio">At least 1, rounded to six decimals; 1: the computed price is in force.</param>
/// <param name="StatedUsd">The cost that Leonardo stated where the ratio was highest; null: the ratio is 1.</param>
/// <param name="ComputedUsd">The computed price of the same request; null: the ratio is 1.</param>
/// <param name="Until">When the ratio ends if nothing more is stated above the price; null: the ratio is 1.</param>
internal sealed record AdminPriceRatio(string Model, decimal Ratio, string? StatedUsd, string? ComputedUsd, DateTime? Until)
{
    public static AdminPriceRatio From(string model, PriceRatioRow? row) =>
        row is null
            ? new(model, 1, null, null, null)
            : new(model, row.Ratio.Rounded, Usd.Format(row.Ratio.Stated), Usd.Format(row.Ratio.Computed), row.Expires.UtcDateTime);
}
