using Gateway.Edge.Problems;
using Gateway.Ledger.Rules;
using Gateway.Leonardo.Replies;

namespace Gateway.Generations;

/// <summary>
/// What the ledger records of Leonardo's reply: enough to repeat the answer under the same Idempotency-Key.
/// </summary>
internal static class OutcomeRecord
{
    /// <summary>An account may have prices of its own: the stated cost is charged if it is plausible (T-H10).</summary>
    /// <param name="price">The computed price in micro-dollars.</param>
    /// <returns>The settlement, and the stated cost if it is not charged.</returns>
    public static (Settlement Settlement, ImplausibleCost? Implausible) FromAcceptance(CreationOutcome.Accepted accepted, long price)
    {
        var stated = accepted.Cost.Micros;
        var isPlausible = PriceRatio.IsPlausible(stated, price);
        var settlement = new Settlement(
            accepted.GenerationId,
            isPlausible ? stated!.Value : price,
            accepted.Cost.ApiCreditCost,
            accepted.Cost.Credits,
            accepted.Cost.Credits is null ? "DOLLARS" : "CREDITS"
        );
        return (settlement, isPlausible ? null : new ImplausibleCost(stated));
    }

    public static Outcome FromRefusal(CreationOutcome.Refused refused) =>
        new(refused.Problem.Name, refused.Problem.Status, refused.Detail, refused.Reason, refused.RetryAfter);

    public static Outcome FromUnknown(CreationOutcome.Unknown unknown) =>
        new(
            ProblemTypes.OutcomeUnknown.Name,
            unknown.TimedOut ? StatusCodes.Status504GatewayTimeout : StatusCodes.Status502BadGateway,
            "The request was sent, but its outcome is not known. Its quota stays held until the gateway has found out; "
                + "the gateway never sends a request twice by itself."
        );
}
