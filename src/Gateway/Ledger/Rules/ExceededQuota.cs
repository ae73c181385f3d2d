namespace Gateway.Ledger.Rules;

/// <summary>A quota that does not admit a request.</summary>
/// <param name="Asked">What the request needs of it, in the quota's unit.</param>
internal sealed record ExceededQuota(QuotaStatus Quota, long Asked)
{
    /// <summary>The request needs more than the whole limit, grants included, so waiting does not help.</summary>
    public bool NeverAdmits => Asked > Quota.Limit;
}
