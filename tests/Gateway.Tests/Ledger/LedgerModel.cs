using System.Numerics;
using Gateway.Ledger;
using Gateway.Ledger.PostgreSql;
using Gateway.Ledger.Rules;
using Gateway.Tenants;

namespace Gateway.Tests.Ledger;

/// <summary>
/// What a ledger must answer, counted over a list: slow and simple, and independent of the ledger's own arithmetic.
/// </summary>
internal sealed class LedgerModel(QuotaOptions options)
{
    public List<Entry> Entries { get; } = [];

    public HashSet<string> Generations { get; } = [];

    /// <summary>Every cost that was stated above the computed price.</summary>
    public List<(DateTimeOffset At, long Stated, long Price)> Statements { get; } = [];

    internal sealed class Entry
    {
        public required Guid Id;
        public required string Tenant;
        public required int Images;
        public required long Micros;
        public required long Price;
        public required DateTimeOffset At;
        public required char State;
        public required int Process;
        public string? Key;
        public int Body;
        public long Charged;
        public string? Generation;
        public DateTimeOffset? ForwardedAt;
        public DateTimeOffset? RunningUntil;
        public DateTimeOffset FencedAt;
        public Task<Admission>? Waiting;

        public bool Held => State is 'R' or 'F' or 'U';

        public bool Spent => State is 'S' or 'W';

        public bool Runs(DateTimeOffset now) => RunningUntil > now;
    }

    /// <summary>The entry that this key belongs to.</summary>
    public Entry? Holder(string tenant, string? key, DateTimeOffset now) =>
        key is null
            ? null
            : Entries.SingleOrDefault(e => e.Tenant == tenant && e.Key == key && (e.Held || now - e.At < options.IdempotencyWindow));

    /// <summary>
    /// What a request of this price holds: by the highest ratio of the last 24 hours. The statements of one hour count
    /// until the last of them is too old.
    /// </summary>
    public long Reserved(long price, DateTimeOffset now) =>
        Statements
            .GroupBy(one => one.At.UtcTicks / TimeSpan.TicksPerHour)
            .Where(hour => hour.Max(one => one.At) > now.AddHours(-24))
            .SelectMany(hour => hour)
            .Select(one => (long)BigInteger.Divide((BigInteger)price * one.Stated + one.Price - 1, one.Price))
            .Append(price)
            .Max();

    /// <summary>The quotas that do not admit it.</summary>
    public List<string> Exceeded(Tenant tenant, QuotaLimits organization, int images, long micros, DateTimeOffset now)
    {
        var exceeded = new List<string>();
        foreach (var (name, limit, taken, wanted) in Counts(tenant, organization, now, images, micros))
        {
            if (limit is { } l && taken + wanted > l)
                exceeded.Add(name);
        }
        return exceeded;
    }

    /// <summary>Each quota: its limit, and what counts against it.</summary>
    public IEnumerable<(string Name, long? Limit, long Taken, long Wanted)> Counts(
        Tenant tenant,
        QuotaLimits organization,
        DateTimeOffset now,
        int images = 0,
        long micros = 0
    )
    {
        var mine = Entries.Where(e => e.Tenant == tenant.Id).ToList();
        var quota = tenant.Quota;
        yield return ("requests-minute", quota.RequestsPerMinute, mine.Count(e => e.State != 'V' && e.At > now.AddSeconds(-60)), 1);
        yield return ("images-day", quota.ImagesPerDay, Images(mine, e => SameDay(e.At, now)), images);
        yield return ("images-month", quota.ImagesPerMonth, Images(mine, e => SameMonth(e.At, now)), images);
        yield return ("usd-month", quota.MicrosPerMonth, Micros(mine, e => SameMonth(e.At, now)), micros);
        yield return ("concurrent-generations", quota.ConcurrentGenerations, mine.Count(e => e.State == 'R' || e.Runs(now)), 1);
        yield return ("org-images-day", organization.ImagesPerDay, Images(Entries, e => SameDay(e.At, now)), images);
        yield return ("org-images-month", organization.ImagesPerMonth, Images(Entries, e => SameMonth(e.At, now)), images);
        yield return ("org-usd-month", organization.MicrosPerMonth, Micros(Entries, e => SameMonth(e.At, now)), micros);
    }

    public bool HasSlot(DateTimeOffset now) =>
        Entries.Count(e => e.Runs(now)) < options.ConcurrentGenerations
        && Entries.Count(e => e.ForwardedAt > now.AddSeconds(-60)) < options.GenerationsPerMinute;

    public void Forwarded(Entry entry, DateTimeOffset at)
    {
        entry.State = 'F';
        entry.ForwardedAt = at;
        entry.RunningUntil = at + options.GenerationTimeLimit;
        entry.Waiting = null;
    }

    public void Settle(Entry entry, string generation, long cost, DateTimeOffset now, bool isStated = true)
    {
        if (Generations.Contains(generation))
        {
            // It has an owner. If that is another reservation, the outcome of this one is unknown.
            if (entry.Generation != generation)
                Unknown(entry, now);
            return;
        }
        if (entry.State is not ('F' or 'U' or 'W'))
            return;
        if (isStated && cost > entry.Price)
            Statements.Add((now, cost, entry.Price));
        if (entry.State != 'W')
            entry.Charged = cost;
        entry.State = 'S';
        entry.Generation = generation;
        Generations.Add(generation);
    }

    /// <param name="keepsKey">Whether the upstream refused the request itself.</param>
    public static void Release(Entry entry, bool keepsKey = false)
    {
        if (entry.State is 'S' or 'V')
            return;
        if (entry.State == 'R' || !keepsKey)
            entry.Key = null;
        entry.State = 'V';
        entry.RunningUntil = null;
        entry.Waiting = null;
    }

    public static void Unknown(Entry entry, DateTimeOffset now)
    {
        if (entry.State == 'U')
            entry.FencedAt = entry.FencedAt < now ? entry.FencedAt : now;
        if (entry.State != 'F')
            return;
        entry.State = 'U';
        entry.FencedAt = now;
    }

    /// <param name="orphan">Whether the process of an entry has ended.</param>
    public void Sweep(DateTimeOffset now, Func<Entry, bool> orphan)
    {
        foreach (var entry in Entries)
        {
            var lost = orphan(entry) || entry.At < now - options.OpenLimit;
            if (entry.State == 'R' && lost)
            {
                Release(entry);
            }
            else if (entry.State == 'F' && lost)
            {
                entry.State = 'U';
                entry.FencedAt = now + options.Lease;
            }
            else if (entry.State == 'U' && entry.ForwardedAt < now - options.UnknownGrace)
            {
                entry.State = 'W';
                entry.Charged = entry.Micros;
                entry.RunningUntil = null;
            }
        }
    }

    private static long Images(IEnumerable<Entry> entries, Func<Entry, bool> within) =>
        entries.Where(e => (e.Held || e.Spent) && within(e)).Sum(e => (long)e.Images);

    private static long Micros(IEnumerable<Entry> entries, Func<Entry, bool> within) =>
        entries
            .Where(within)
            .Sum(e =>
                e.Held ? e.Micros
                : e.Spent ? e.Charged
                : 0
            );

    private static bool SameDay(DateTimeOffset one, DateTimeOffset other) => one.UtcDateTime.Date == other.UtcDateTime.Date;

    private static bool SameMonth(DateTimeOffset one, DateTimeOffset other) => (one.Year, one.Month) == (other.Year, other.Month);
}
