using Gateway.Edge.Problems;

namespace Gateway.Tenants.Identification;

/// <summary>What one way of identification found: nothing that concerns it, a caller, or a reason to refuse.</summary>
internal readonly record struct IdentificationResult(Caller? Caller, Problem? Refusal)
{
    public static readonly IdentificationResult NotPresented;

    public static readonly Problem Suspended = new(
        ProblemTypes.Suspended,
        "The operator has suspended this tenant. Nothing was reserved or sent. Ask the operator to resume it."
    );

    public static implicit operator IdentificationResult(Caller caller) => new(caller, null);

    public static IdentificationResult Unidentified(string detail) => Refuse(detail, "Bearer realm=\"gateway\"");

    /// <summary>A bearer credential was presented and is not valid (RFC 6750, 3.1).</summary>
    public static IdentificationResult InvalidToken(string detail) => Refuse(detail, "Bearer realm=\"gateway\", error=\"invalid_token\"");

    /// <summary>The credential cannot be checked now; it may be valid.</summary>
    public static IdentificationResult Unavailable(int retryAfter) =>
        new(
            null,
            new Problem(
                ProblemTypes.IdentityUnavailable,
                "The token cannot be checked now: the identity provider does not answer. Nothing was reserved or sent. Try again later; if it lasts, ask the operator to check Identification:Oidc."
            )
            {
                RetryAfter = retryAfter,
            }
        );

    private static IdentificationResult Refuse(string detail, string challenge) =>
        new(null, new Problem(ProblemTypes.Unidentified, detail) { Authenticate = challenge });
}
