using System.Diagnostics;
using Gateway.Edge.Problems;
using Gateway.Ledger.Rules;
using Gateway.Leonardo.Replies;
using Serilog;

namespace Gateway.Generations;

/// <summary>What a caller is told of a generation. The first answer and its replay are made by the same words from the same facts.</summary>
internal static class GenerationAnswer
{
    private const string Outcome = "Outcome";

    public static Settlement Settle(CreationOutcome.Accepted accepted, long price) =>
        new(
            accepted.GenerationId,
            accepted.Cost.Micros is { } stated && IsBelievable(stated, price) ? stated : price,
            accepted.Cost.ApiCreditCost,
            accepted.Cost.Credits,
            accepted.Cost.Credits is null ? "DOLLARS" : "CREDITS"
        );

    /// <summary>An account may have prices of its own; ten times the published one is a fault of the upstream (threats H10), and is not charged to a tenant.</summary>
    public static bool IsBelievable(long statedMicros, long price) => statedMicros <= 10 * price;

    public static Outcome Release(CreationOutcome.Refused refused) =>
        new(refused.Problem.Name, refused.Problem.Status, refused.Detail, refused.Reason, refused.RetryAfter);

    public static Outcome LeaveOpen(CreationOutcome.Unknown unknown) =>
        new(
            ProblemTypes.OutcomeUnknown.Name,
            unknown.TimedOut ? StatusCodes.Status504GatewayTimeout : StatusCodes.Status502BadGateway,
            "The request was sent, but its outcome is not known. The quota stays held until the gateway has found out; it never sends a request twice by itself.",
            null,
            null
        );

    public static IResult Settled(Settlement settlement, bool recorded, IDiagnosticContext log)
    {
        log.Set(Outcome, "settled");
        log.Set("GenerationId", settlement.GenerationId);
        log.Set("CostMicros", settlement.CostMicros);
        return new GenerationAccepted(settlement, Recorded: recorded, Replayed: false);
    }

    public static IResult NotMade(Guid reservation, Outcome outcome, IDiagnosticContext log)
    {
        log.Set(Outcome, outcome.Problem);
        return Refuse(reservation, outcome);
    }

    public static IResult Of(Admission admission, IDiagnosticContext log)
    {
        log.Set(Outcome, admission.GetType().Name);
        return admission switch
        {
            Admission.Replayed { Outcome: { Settlement: { } settlement } } => new GenerationAccepted(
                settlement,
                Recorded: true,
                Replayed: true
            ),
            Admission.Replayed { Outcome: { Outcome: { } outcome, State: ReservationState.Void } stored } => new Replayed(
                Refuse(
                    stored.ReservationId,
                    outcome with
                    {
                        Detail = outcome.Detail + " This is what became of the first request with this key: use a new one to try again.",
                    }
                )
            ),
            Admission.Replayed { Outcome: { Outcome: { } outcome } stored } => new Replayed(Refuse(stored.ReservationId, outcome)),
            Admission.InProgress running => new Problem(
                ProblemTypes.IdempotencyInProgress,
                "The first request with this Idempotency-Key is still running. Repeat it later to get its outcome; it is charged once."
            )
            {
                RetryAfter = running.RetryAfter,
            },
            Admission.Mismatch => new Problem(
                ProblemTypes.IdempotencyMismatch,
                "This Idempotency-Key was used with another body within the last 24 hours. Use a new key for a new request."
            ),
            Admission.Exceeded exceeded => new Problem(
                ProblemTypes.QuotaExceeded,
                $"This request would overspend: {string.Join(", ", exceeded.Policies)}. GET /v1/usage shows what is left and when it resets."
            )
            {
                ViolatedPolicies = exceeded.Policies,
                RetryAfter = exceeded.RetryAfter,
            },
            Admission.Saturated saturated => new Problem(
                ProblemTypes.UpstreamSaturated,
                "No slot of the organisation's account became free in time. Nothing was sent, nothing was charged."
            )
            {
                RetryAfter = saturated.RetryAfter,
            },
            Admission.Unavailable unavailable => new Problem(ProblemTypes.StoreUnavailable, unavailable.Detail)
            {
                RetryAfter = unavailable.RetryAfter,
            },
            _ => throw new UnreachableException(),
        };
    }

    private static Problem Refuse(Guid reservation, Outcome outcome)
    {
        var type = ProblemTypes.All.First(problem => problem.Name == outcome.Problem);
        return new Problem(type, outcome.Detail)
        {
            Status = outcome.Status,
            Reason = outcome.Reason,
            RetryAfter = outcome.RetryAfter,
            ReservationId = type == ProblemTypes.OutcomeUnknown ? reservation.ToString() : null,
        };
    }

    /// <summary>Marks an answer as the repetition of an earlier one.</summary>
    private sealed record Replayed(IResult Answer) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.Headers[GenerationAccepted.ReplayedHeader] = "true";
            return Answer.ExecuteAsync(httpContext);
        }
    }
}
