using System.Globalization;
using System.Runtime.CompilerServices;
using Gateway.Ledger.Rules;

namespace Gateway.Quotas;

/// <summary>
/// <c>RateLimit-Policy</c> and <c>RateLimit</c> (draft-ietf-httpapi-ratelimit-headers-10):
/// lists of structured fields (RFC 9651) with one item for each quota that has a limit.
/// </summary>
internal static class RateLimitHeaders
{
    /// <summary>The largest integer of a structured field.</summary>
    private const long MaxInteger = 999_999_999_999_999;

    private const long MicrosPerCent = 10_000;
    private const string ConcurrentUnit = ";qu=\"concurrent-requests\"";

    /// <summary>Writes nothing if no quota has a limit.</summary>
    public static void Write(IHeaderDictionary headers, params ReadOnlySpan<IReadOnlyList<QuotaStatus>> groups)
    {
        // Buffers on the stack: every answer carries both headers.
        var policies = new DefaultInterpolatedStringHandler(0, 0, CultureInfo.InvariantCulture, stackalloc char[640]);
        var limits = new DefaultInterpolatedStringHandler(0, 0, CultureInfo.InvariantCulture, stackalloc char[384]);
        var separator = "";
        foreach (var quotas in groups)
        {
            foreach (var quota in quotas)
            {
                if (quota is not { Limit: { } limit, Remaining: { } remaining })
                    continue;
                Add(ref policies, separator, quota.Name, ";q=", Amount(quota, limit));
                if (quota.Window is { } window)
                    Add(ref policies, ";w=", (long)window.TotalSeconds);
                policies.AppendLiteral(UnitOf(quota));

                Add(ref limits, separator, quota.Name, ";r=", Amount(quota, remaining));
                if (quota.ResetSeconds is { } seconds)
                    Add(ref limits, ";t=", seconds);
                separator = ", ";
            }
        }
        var (policy, limitsText) = (policies.ToStringAndClear(), limits.ToStringAndClear());
        if (policy.Length == 0)
            return;
        headers["RateLimit-Policy"] = policy;
        headers["RateLimit"] = limitsText;
    }

    private static void Add(ref DefaultInterpolatedStringHandler list, string separator, string name, string parameter, long value)
    {
        list.AppendLiteral(separator);
        list.AppendLiteral("\"");
        list.AppendLiteral(name);
        list.AppendLiteral("\"");
        Add(ref list, parameter, value);
    }

    private static void Add(ref DefaultInterpolatedStringHandler list, string parameter, long value)
    {
        list.AppendLiteral(parameter);
        list.AppendFormatted(value);
    }

    /// <summary>Money in cents, rounded down: the header must not promise more than there is.</summary>
    private static long Amount(QuotaStatus quota, long amount) =>
        Math.Min(MaxInteger, quota.Unit == QuotaStatus.Micros ? amount / MicrosPerCent : amount);

    /// <summary>
    /// The draft's unit if it has one ("requests" is its default), else a parameter of the gateway's own.
    /// </summary>
    private static string UnitOf(QuotaStatus quota) =>
        quota.Unit switch
        {
            QuotaStatus.Images => ";gateway-unit=\"images\"",
            QuotaStatus.Micros => ";gateway-unit=\"usd-cents\"",
            QuotaStatus.Jobs => ";gateway-unit=\"jobs\"",
            QuotaStatus.Generations or TenantStreams.Unit => ConcurrentUnit,
            _ => "",
        };
}
