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

    /// <summary>Held until the answer has been sent, or less is kept.</summary>
    /// <returns>Null: there is no room now.</returns>
    public Share? TryTake(HttpContext context, string tenant, long bytes)
    {
        lock (_lock)
        {
            var own = _taken.GetValueOrDefault(tenant);
            if (own + bytes > MaxPerTenant || _total + bytes > MaxTotal)
                return null;
            _taken[tenant] = own + bytes;
            _total += bytes;
        }
        var share = new Share(this, tenant, bytes);
        context.Response.RegisterForDispose(share);
        return share;
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

    /// <summary>What one message or image holds.</summary>
    public sealed class Share(MessageMemory memory, string tenant, long bytes) : IDisposable
    {
        private long _bytes = bytes;

        /// <param name="bytes">What it turned out to need, at most what was taken.</param>
        public void Keep(long bytes)
        {
            memory.Free(tenant, _bytes - bytes);
            _bytes = bytes;
        }

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _bytes, 0) is > 0 and var left)
                memory.Free(tenant, left);
        }
    }
}
