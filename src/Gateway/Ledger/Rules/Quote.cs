namespace Gateway.Ledger.Rules;

/// <summary>What a request would hold, and whether it would be admitted, at one instant.</summary>
/// <param name="Micros">The computed price times the ratio in force, in micro-dollars.</param>
/// <param name="Exceeded">The quotas that do not admit it.</param>
internal sealed record Quote(int Images, long Micros, IReadOnlyList<ExceededQuota> Exceeded, IReadOnlyList<QuotaStatus> Quotas);
