using System.Globalization;
using System.Text;

namespace Gateway.Quotas;

/// <summary><c>RateLimit-Policy</c> and <c>RateLimit</c>, draft-ietf-httpapi-ratelimit-headers-10: lists of structured fields (RFC 9651), one item a quota that has a limit.</summary>
internal static class RateLimitHeaders
{
    /// <summary>The largest integer a structured field can hold.</summary>
    private const long Largest = 999_999_999_999_999;

    private const long MicrosPerCent = 10_000;

    /// <summary>Writes nothing where nothing is limited.</summary>
    public static void Write(IHeaderDictionary headers, IReadOnlyList<QuotaStatus> quotas)
    {
        var policies = new StringBuilder();
        var limits = new StringBuilder();
        foreach (var quota in quotas)
        {
            if (quota is not { Limit: { } limit, Remaining: { } remaining })
                continue;
            Item(policies, quota.Name).Append(CultureInfo.InvariantCulture, $";q={Amount(quota, limit)}");
            if (quota.Window is { } window)
                policies.Append(CultureInfo.InvariantCulture, $";w={(long)window.TotalSeconds}");
            policies.Append(UnitOf(quota));

            Item(limits, quota.Name).Append(CultureInfo.InvariantCulture, $";r={Amount(quota, remaining)}");
            if (quota.ResetSeconds is { } seconds)
                limits.Append(CultureInfo.InvariantCulture, $";t={seconds}");
        }
        if (policies.Length == 0)
            return;
        headers["RateLimit-Policy"] = policies.ToString();
        headers["RateLimit"] = limits.ToString();
    }

    private static StringBuilder Item(StringBuilder list, string name) =>
        list.Append(list.Length > 0 ? ", " : "").Append('"').Append(name).Append('"');

    /// <summary>Money in cents, rounded down: never more is promised than there is.</summary>
    private static long Amount(QuotaStatus quota, long amount) =>
        Math.Min(Largest, quota.Unit == QuotaStatus.Micros ? amount / MicrosPerCent : amount);

    /// <summary>The draft's own units where it has one ("requests" is its default), else a parameter of ours.</summary>
    private static string UnitOf(QuotaStatus quota) =>
        quota.Unit switch
        {
            QuotaStatus.Images => ";gateway-unit=\"images\"",
            QuotaStatus.Micros => ";gateway-unit=\"usd-cents\"",
            QuotaStatus.Generations => ";qu=\"concurrent-requests\"",
            _ => "",
        };
}
