using Gateway.Edge.Problems;

namespace Gateway.Tenants.Identification;

/// <summary>The refusals of every route that needs a tenant.</summary>
internal static class CallerProblems
{
    public static readonly ProblemType[] All =
    [
        ProblemTypes.Unidentified,
        ProblemTypes.IdentityUnavailable,
        ProblemTypes.Suspended,
        ProblemTypes.HostNotAllowed,
        ProblemTypes.CrossSite,
    ];
}
