using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Gateway.Telemetry.Alerts;

/// <summary>What this process counted in the last quarter of an hour, for the alerts that it checks itself.</summary>
internal sealed class RecentCounts(TimeProvider time)
{
    private const int Slots = 91;
    private static readonly TimeSpan SlotLength = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<(RecentEvent Event, string Label), Slot[]> _counts = new();

    public void Add(RecentEvent what, string label = "")
    {
        var slots = _counts.GetOrAdd((what, label), static _ => new Slot[Slots]);
        var now = CurrentSlot;
        lock (slots)
        {
            ref var slot = ref slots[now % Slots];
            slot = slot.Number == now ? slot with { Count = slot.Count + 1 } : new Slot(now, 1);
        }
    }

    /// <param name="window">At most a quarter of an hour.</param>
    public long Sum(RecentEvent what, TimeSpan window) => SumByLabel(what, window).Sum(one => one.Count);

    /// <returns>Labels of which there was any.</returns>
    public IEnumerable<(string Label, long Count)> SumByLabel(RecentEvent what, TimeSpan window)
    {
        var oldest = CurrentSlot - (long)(window / SlotLength);
        foreach (var ((known, label), slots) in _counts)
        {
            if (known != what)
                continue;
            long count;
            lock (slots)
                count = slots.Where(slot => slot.Number >= oldest).Sum(slot => slot.Count);
            if (count > 0)
                yield return (label, count);
        }
    }

    private long CurrentSlot => time.GetUtcNow().Ticks / SlotLength.Ticks;

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Slot(long Number, long Count);
}

/// <summary>What <see cref="RecentCounts"/> counts.</summary>
internal enum RecentEvent
{
    UpstreamRequest,
    UpstreamFailure,

    /// <summary>A request to Leonardo that took more than 20 s.</summary>
    UpstreamSlow,
    OutOfCredit,
    UpstreamCall,
    UpstreamCallFailure,
    Commit,

    /// <summary>A commit that took more than 250 ms.</summary>
    CommitSlow,
    PriceDeviation,
    PriceImplausible,
    InternalError,
    GuessedToken,
}
