using Gateway.Edge.Problems;

namespace Gateway.Leonardo.Replies;

/// <summary>Turns a definite refusal of the upstream into the gateway's own words: what the caller can mend is 422, what only the operator can is 502 or 503.</summary>
internal static class Refusal
{
    private const int SaturatedRetryAfter = 10;
    private const int OutOfCreditRetryAfter = 300;

    public static CreationOutcome.Refused Of(int status, UpstreamError error, int? retryAfter)
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
                "The organisation's account took no more requests at this moment. Nothing was charged.",
                RetryAfter: Math.Clamp(retryAfter ?? SaturatedRetryAfter, 1, 300)
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
                "Leonardo refused the request as invalid although it keeps the documented rules. Try another size, style or reference; nothing was charged.",
                "validation"
            )
            : new(
                ProblemTypes.UpstreamRejected,
                "Leonardo refused the request without a reason the gateway knows. Nothing was charged.",
                "other"
            );
    }

    private static bool IsOutOfCredit(int status, UpstreamError error) =>
        status == 402 || IsExactMatch(error, "not enough api tokens", "insufficient tokens");

    private static bool IsModeration(UpstreamError error) => IsExactMatch(error, "moderation", "inappropriate content");

    private static bool IsReference(int status, UpstreamError error) =>
        status == 404 || IsExactMatch(error, "init image", "init variation", "couldn't access image", "image_reference", "not_found");

    private static bool IsValidation(int status, UpstreamError error) =>
        status is 413 or 415 or 422
        || IsExactMatch(
            error,
            "validation_error",
            "validation-failed",
            "bad-request",
            "unexpected variable",
            "invalid dimensions",
            "too many images"
        );

    private static bool IsExactMatch(UpstreamError error, params ReadOnlySpan<string> phrases)
    {
        foreach (var phrase in phrases)
        {
            if (error.Words.Contains(phrase, StringComparison.Ordinal))
                return true;
        }
        return false;
    }
}
