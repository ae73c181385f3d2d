using System.Collections.Concurrent;
using Gateway.Edge.Problems;
using Gateway.Ledger.Rules;
using Gateway.Tenants;

namespace Gateway.Quotas;

/// <summary>
/// Bounds how often each tenant touches the organisation's account, or its CDN, besides generations
/// (<c>uploadsPerMinute</c>, <c>readsPerMinute</c>, T-K3). Each replica counts its own; answers from the store are
/// not counted.
/// </summary>
internal sealed class TenantRates(TenantDirectory tenants, TimeProvider time)
{
    public const string UploadsMinute = "uploads-minute";
    public const string ReadsMinute = "reads-minute";

    private readonly ConcurrentDictionary<(string Tenant, string Name), MinuteCounter> _counters = new();

    /// <summary>Counts one upload, which asks the upstream for an address.</summary>
    /// <returns>The refusal; null: it is counted.</returns>
    public Problem? CountUpload(string tenant) => Count(tenant, UploadsMinute);

    /// <summary>Counts one read, download or deletion that needs the upstream or its CDN.</summary>
    /// <returns>The refusal; null: it is counted.</returns>
    public Problem? CountRead(string tenant) => Count(tenant, ReadsMinute);

    /// <returns>The refusal that <see cref="CountUpload"/> would return now; nothing is counted.</returns>
    public Problem? FindUploadRefusal(string tenant) =>
        GetStatus(tenant, UploadsMinute) is { Remaining: 0 } status ? QuotaRefusal.ToProblem(status) : null;

    private Problem? Count(string tenant, string name)
    {
        var counter = _counters.GetOrAdd((tenant, name), static (_, time) => new MinuteCounter(time), time);
        return counter.TryAdd(LimitOf(tenant, name)) ? null : QuotaRefusal.ToProblem(GetStatus(tenant, name));
    }

    /// <param name="name"><see cref="UploadsMinute"/> or <see cref="ReadsMinute"/>.</param>
    public QuotaStatus GetStatus(string tenant, string name)
    {
        var now = time.GetUtcNow();
        var limit = LimitOf(tenant, name);
        var (count, untilReset) = _counters.TryGetValue((tenant, name), out var counter) ? counter.Read(limit) : (0, null);
        return new QuotaStatus(name, QuotaStatus.Requests, limit, count, 0, now + untilReset, Minute.Length, now);
    }

    private long? LimitOf(string tenant, string name)
    {
        var limits = tenants.Current.LimitsOf(tenant);
        return name == UploadsMinute ? limits.UploadsPerMinute : limits.ReadsPerMinute;
    }
}
