using Gateway.Edge.Problems;

namespace Gateway.Leonardo.Replies;

/// <summary>
/// Turns a definite refusal of the upstream into the gateway's own problem: 422 where the caller can fix the request,
/// 502 or 503 where only an operator can act.
/// </summary>
internal static class CreationRefusal
{
    private const int OutOfCreditRetryAfter = 300;

    public static CreationOutcome.Refused Classify(int status, UpstreamError error, UpstreamReply reply)
    {
        if (IsOutOfCredit(status, error))
        {
            return new(
                ProblemTypes.UpstreamOutOfCredit,
                "The organisation's account has no credit left for this request. Nothing was charged to the tenant; an operator has to add credit.",
                RetryAfter: OutOfCreditRetryAfter
            );
        }
        if (status == 429)
        {
            return new(
                ProblemTypes.UpstreamSaturated,
                "The organisation's account has reached Leonardo's rate limit. Nothing was charged; try again later.",
                RetryAfter: reply.SaturatedRetryAfter
            );
        }
        if (IsModeration(error))
        {
            return new(
                ProblemTypes.UpstreamRejected,
                "Leonardo's content moderation refused the prompt. Change the prompt; nothing was charged.",
                "moderation"
            );
        }
        if (status is 401 or 403)
        {
            return new(
                ProblemTypes.UpstreamCredentials,
                "Leonardo refused the gateway's key. Nothing was charged; an operator has to put a valid key in place."
            );
        }
        if (IsReference(status, error))
        {
            return new(
                ProblemTypes.UpstreamRejected,
                "Leonardo could not use one of the reference images. Use the id of a finished image (GENERATED) or of a completed upload (UPLOADED); nothing was charged.",
                "reference"
            );
        }
        return IsValidation(status, error)
            ? new(
                ProblemTypes.UpstreamRejected,
                "Leonardo refused the request as invalid although it follows the documented rules. Try another size, style or reference; nothing was charged.",
                "validation"
            )
            : new(
                ProblemTypes.UpstreamRejected,
                "Leonardo refused the request without a reason that the gateway knows. Nothing was charged.",
                "other"
            );
    }

    private static bool IsOutOfCredit(int status, UpstreamError error) =>
        status == 402 || Mentions(error, "not enough api tokens", "insufficient tokens");

    private static bool IsModeration(UpstreamError error) => Mentions(error, "moderation", "inappropriate content");

    private static bool IsReference(int status, UpstreamError error) =>
        status == 404 || Mentions(error, "init image", "init variation", "couldn't access image", "image_reference", "not_found");

    private static bool IsValidation(int status, UpstreamError error) =>
        status is 413 or 415 or 422
        || Mentions(
            error,
            "validation_error",
            "validation-failed",
            "bad-request",
            "unexpected variable",
            "invalid dimensions",
            "too many images"
        );

    private static bool Mentions(UpstreamError error, params ReadOnlySpan<string> phrases)
    {
        foreach (var phrase in phrases)
        {
            if (error.Words.Contains(phrase, StringComparison.Ordinal))
                return true;
        }
        return false;
    }
}
