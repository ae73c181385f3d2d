namespace Gateway.Ledger.Rules;

/// <summary>What a request would hold, and whether it would be admitted, at one instant.</summary>
/// <param name="Micros">The computed price times the ratio in force, in micro-dollars.</param>
/// <param name="Exceeded">The quotas that do not admit it.</param>
internal sealed record Quote(int Images, long Micros, IReadOnlyList<ExceededQuota> Exceeded, IReadOnlyList<QuotaStatus> Quotas);

/// <summary>A quota that does not admit a request.</summary>
/// <param name="Asked">What the request needs of it, in the quota's unit.</param>
internal sealed record ExceededQuota(QuotaStatus Quota, long Asked)
{
    /// <summary>The request needs more than the whole limit, grants included, so waiting does not help.</summary>
    public bool NeverAdmits => Asked > Quota.Limit;
}
