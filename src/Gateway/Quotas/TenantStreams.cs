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
    public Problem Exceeded(string tenant) => QuotaRefusal.ToProblem(GetStatus(tenant));

    public QuotaStatus GetStatus(string tenant) =>
        new(Name, Unit, LimitOf(tenant), _open.GetValueOrDefault(tenant), 0, null, null, time.GetUtcNow());

    private long? LimitOf(string tenant) => tenants.Current.LimitsOf(tenant).ConcurrentStreams;

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
