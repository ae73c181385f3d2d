namespace Gateway.Uploads;

/// <summary>
/// Limits the files that are received at once, in total and per tenant: each occupies disk space until it is relayed.
/// </summary>
internal sealed class UploadSlots
{
    private const int MaxTotal = 64;
    private const int MaxPerTenant = 8;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _taken = new(StringComparer.Ordinal);
    private int _total;

    /// <returns>The slot, which is freed when disposed; null: none is free.</returns>
    public IDisposable? TryTake(string tenant)
    {
        lock (_lock)
        {
            var own = _taken.GetValueOrDefault(tenant);
            if (_total == MaxTotal || own == MaxPerTenant)
                return null;
            _total++;
            _taken[tenant] = own + 1;
            return new Slot(this, tenant);
        }
    }

    private void Free(string tenant)
    {
        lock (_lock)
        {
            _total--;
            if (--_taken[tenant] == 0)
                _taken.Remove(tenant);
        }
    }

    private sealed class Slot(UploadSlots slots, string tenant) : IDisposable
    {
        private int _freed;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _freed, 1) == 0)
                slots.Free(tenant);
        }
    }
}
