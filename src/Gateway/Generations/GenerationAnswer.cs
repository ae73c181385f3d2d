using System.Diagnostics;
using Gateway.Edge.Problems;
using Gateway.Ledger.Rules;
using Gateway.Quotas;

namespace Gateway.Generations;

/// <summary>
/// The HTTP answer to each way a generation can end. A first answer and its replay are made from the same facts.
/// </summary>
internal static class GenerationAnswer
{
    /// <param name="waitSeconds">What the caller asked to wait; null: it did not.</param>
    public static IResult From(CreationResult result, int? waitSeconds) =>
        result switch
        {
            CreationResult.Settled settled => new GenerationAccepted(settled, waitSeconds),
            { IsReplay: true } => new Replayed(ToProblem(result)),
            _ => ToProblem(result),
        };

    /// <summary>The refusal, where there is no generation. Front ends with errors of their own map it.</summary>
    public static Problem ToProblem(CreationResult result) =>
        result switch
        {
            CreationResult.NotMade { IsReplay: true, IsPassedOn: false } earlier => ToProblem(
                earlier.ReservationId,
                earlier.Outcome with
                {
                    Detail =
                        earlier.Outcome.Detail + " This is the outcome of the first request with this key: use a new key to try again.",
                }
            ),
            CreationResult.NotMade refused => ToProblem(refused.ReservationId, refused.Outcome),
            CreationResult.Unknown unknown => ToProblem(unknown.ReservationId, unknown.Outcome),
            CreationResult.Refused refused => refused.Refusal.ToProblem(),
            CreationResult.QuotaExceeded exceeded => QuotaRefusal.ToProblem(exceeded.Violated, exceeded.RetryAfter),
            CreationResult.InProgress running => new Problem(
                ProblemTypes.IdempotencyInProgress,
                "The first request with this Idempotency-Key is still running. Repeat it later to get its outcome; it is charged once."
            )
            {
                RetryAfter = running.RetryAfter,
            },
            CreationResult.Mismatch => new Problem(
                ProblemTypes.IdempotencyMismatch,
                "This Idempotency-Key was used with another body within the last 24 hours. Use a new key for a new request."
            ),
            CreationResult.Saturated saturated => new Problem(
                ProblemTypes.UpstreamSaturated,
                "No slot of the organisation's account became free in time. Nothing was sent and nothing was charged. Try again later."
            )
            {
                RetryAfter = saturated.RetryAfter,
            },
            CreationResult.Unavailable unavailable => new Problem(ProblemTypes.StoreUnavailable, unavailable.Detail)
            {
                RetryAfter = unavailable.RetryAfter,
            },
            _ => throw new UnreachableException(),
        };

    private static Problem ToProblem(Guid reservation, Outcome outcome)
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

    private sealed record Replayed(Problem Answer) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.Headers[GenerationAccepted.ReplayedHeader] = "true";
            return Answer.ExecuteAsync(httpContext);
        }
    }
}
