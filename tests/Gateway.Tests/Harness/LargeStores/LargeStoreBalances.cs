using Gateway.Ledger.Rules;

namespace Gateway.Tests.Harness.LargeStores;

/// <summary>Sums what is spent by tenant and day, and writes the windows and counters.</summary>
internal sealed class LargeStoreBalances(int tenants)
{
    private readonly Dictionary<(string Day, int Tenant), Sums> _days = [];
    private readonly long[] _sequences = new long[tenants];

    /// <summary>The number of the tenant's next reservation.</summary>
    public long NextSequence(int tenant) => ++_sequences[tenant];

    /// <param name="images">Spent; 0 for what was released.</param>
    public void Add(string day, int tenant, int images, long micros, int generations)
    {
        if (!_days.TryGetValue((day, tenant), out var sums))
            _days[(day, tenant)] = sums = new Sums();
        sums.Add(images, micros, generations);
    }

    public void WriteTo(LargeStoreWriter writer)
    {
        var windows = new Dictionary<(string Tenant, string Period), Sums>();
        foreach (var ((day, tenant), sums) in _days)
        {
            foreach (var key in new[] { LargeStore.Tenant(tenant), WindowRow.OrganizationKey })
            {
                foreach (var period in new[] { day, day[..7] })
                {
                    if (!windows.TryGetValue((key, period), out var all))
                        windows[(key, period)] = all = new Sums();
                    all.Add(sums.Images, sums.Micros, sums.Generations);
                }
            }
        }
        foreach (var ((tenant, period), sums) in windows)
            writer.Write(LargeStoreTable.Window, tenant, period, 0L, sums.Images, 0L, sums.Micros, sums.Generations);
        for (var tenant = 0; tenant < tenants; tenant++)
            writer.Write(LargeStoreTable.Counter, LargeStore.Tenant(tenant), _sequences[tenant], 0L);
    }

    private sealed class Sums
    {
        public long Images { get; private set; }
        public long Micros { get; private set; }
        public long Generations { get; private set; }

        public void Add(long images, long micros, long generations)
        {
            Images += images;
            Micros += micros;
            Generations += generations;
        }
    }
}
