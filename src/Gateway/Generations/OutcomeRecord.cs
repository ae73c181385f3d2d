using Gateway.Edge.Problems;
using Gateway.Ledger.Rules;
using Gateway.Leonardo.Replies;

namespace Gateway.Generations;

/// <summary>
/// What the ledger records of Leonardo's reply: enough to repeat the answer under the same Idempotency-Key.
/// </summary>
internal static class OutcomeRecord
{
    /// <summary>
    /// An account may have prices of its own; more than this many times the published price is an upstream fault and is
    /// not charged to a tenant (T-H10).
    /// </summary>
    private const int MaxPriceFactor = 10;

    /// <param name="price">Micro-dollars, known before the request was sent.</param>
    public static Settlement FromAcceptance(CreationOutcome.Accepted accepted, long price) =>
        new(
            accepted.GenerationId,
            accepted.Cost.Micros is { } stated && stated <= MaxPriceFactor * price ? stated : price,
            accepted.Cost.ApiCreditCost,
            accepted.Cost.Credits,
            accepted.Cost.Credits is null ? "DOLLARS" : "CREDITS"
        );

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
