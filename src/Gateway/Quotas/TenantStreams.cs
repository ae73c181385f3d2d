using System.Collections.Concurrent;
using Gateway.Edge.Problems;
using Gateway.Ledger.Rules;
using Gateway.Tenants;

namespace Gateway.Quotas;

/// <summary>
/// Bounds what each tenant keeps open at once: images, uploads, waits and event streams (<c>concurrentStreams</c>,
/// T-K5, T-K8). Each replica counts its own.
/// </summary>
internal sealed class TenantStreams(TenantDirectory tenants, TimeProvider time)
{
    public const string Name = "concurrent-streams";
    public const string Unit = "streams";

    private readonly Lock _lock = new();

    /// <summary>Changed under the lock, and read by every answer without it.</summary>
    private readonly ConcurrentDictionary<string, int> _open = new(StringComparer.Ordinal);

    /// <returns>The stream, which ends when it is disposed of; null: the tenant has all it may have.</returns>
    public IDisposable? TryOpen(string tenant)
    {
        var limit = LimitOf(tenant);
        lock (_lock)
        {
            var open = _open.GetValueOrDefault(tenant);
            if (open >= limit)
                return null;
            _open[tenant] = open + 1;
            return new OpenStream(this, tenant);
        }
    }

    /// <summary>The refusal where <see cref="TryOpen"/> returned null.</summary>
    public Problem Exceeded(string tenant)
    {
        var limit = LimitOf(tenant) ?? 0;
        return new Problem(
            ProblemTypes.QuotaExceeded,
            $"{Name}: 1 asked, 0 of {limit} left: this tenant has as many images, uploads, waits and event streams open as it may. "
                + (
                    limit == 0
                        ? "Waiting does not help. Nothing was reserved or sent. Ask the operator for a higher limit."
                        : "There is room when one of them ends. Nothing was reserved or sent. Try again after Retry-After seconds."
                )
        )
        {
            ViolatedPolicies = [Name],
            NeverAdmitted = limit == 0,
            RetryAfter = limit == 0 ? null : 1,
        };
    }

    public (long? Limit, int Open) Count(Tenant tenant) => (tenant.Quota.ConcurrentStreams, _open.GetValueOrDefault(tenant.Id));

    /// <summary>For reports, beside the quotas of the ledger.</summary>
    public QuotaStatus GetStatus(Tenant tenant)
    {
        var (limit, open) = Count(tenant);
        return new QuotaStatus(Name, Unit, limit, open, 0, null, null, time.GetUtcNow());
    }

    /// <summary>Of a tenant that was removed meanwhile: the default.</summary>
    private long? LimitOf(string tenant) =>
        tenants.Current.Tenants.TryGetValue(tenant, out var known)
            ? known.Quota.ConcurrentStreams
            : QuotaLimits.Unlimited.ConcurrentStreams;

    private void Close(string tenant)
    {
        lock (_lock)
        {
            var open = _open[tenant] - 1;
            if (open == 0)
                _open.TryRemove(tenant, out _);
            else
                _open[tenant] = open;
        }
    }

    private sealed class OpenStream(TenantStreams streams, string tenant) : IDisposable
    {
        private int _isClosed;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isClosed, 1) == 0)
                streams.Close(tenant);
        }
    }
}
