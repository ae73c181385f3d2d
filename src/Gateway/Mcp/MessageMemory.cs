namespace Gateway.Mcp;

/// <summary>
/// Bounds the bytes of large messages and of images that are held in memory at once, in total and per tenant: each
/// takes several times its size until the last of it has been sent, and a host may read slowly (T-J2, T-K5).
/// </summary>
internal sealed class MessageMemory
{
    private const long MaxTotal = 32_000_000;
    private const long MaxPerTenant = 16_000_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, long> _taken = new(StringComparer.Ordinal);
    private long _total;

    /// <summary>Held until the answer has been sent.</summary>
    /// <returns>False: there is no room now.</returns>
    public bool TryTake(HttpContext context, string tenant, long bytes)
    {
        lock (_lock)
        {
            var own = _taken.GetValueOrDefault(tenant);
            if (own + bytes > MaxPerTenant || _total + bytes > MaxTotal)
                return false;
            _taken[tenant] = own + bytes;
            _total += bytes;
        }
        context.Response.RegisterForDispose(new Share(this, tenant, bytes));
        return true;
    }

    private void Free(string tenant, long bytes)
    {
        lock (_lock)
        {
            _total -= bytes;
            if ((_taken[tenant] -= bytes) == 0)
                _taken.Remove(tenant);
        }
    }

    private sealed class Share(MessageMemory memory, string tenant, long bytes) : IDisposable
    {
        private int _isFreed;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isFreed, 1) == 0)
                memory.Free(tenant, bytes);
        }
    }
}
