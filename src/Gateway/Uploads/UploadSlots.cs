namespace Gateway.Uploads;

/// <summary>How many files are being received at once: each lies on the disk until it is handed on, and no tenant may fill it, or keep the others out.</summary>
internal sealed class UploadSlots
{
    private const int All = 64;
    private const int OfOneTenant = 8;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _taken = new(StringComparer.Ordinal);
    private int _all;

    /// <returns>Null: none is free. Else to be disposed of.</returns>
    public IDisposable? TryTake(string tenant)
    {
        lock (_lock)
        {
            var own = _taken.GetValueOrDefault(tenant);
            if (_all == All || own == OfOneTenant)
                return null;
            _all++;
            _taken[tenant] = own + 1;
            return new Slot(this, tenant);
        }
    }

    private void Free(string tenant)
    {
        lock (_lock)
        {
            _all--;
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
