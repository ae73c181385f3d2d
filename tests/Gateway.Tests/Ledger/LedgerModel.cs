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
    private DateTimeOffset _pausedUntil;
    private int _probes;

    public List<ModelEntry> Entries { get; } = [];

    public HashSet<string> Generations { get; } = [];

    /// <summary>Every cost that was stated above the computed price.</summary>
    public List<(DateTimeOffset At, long Stated, long Price)> Statements { get; } = [];

    /// <summary>The entry that this key belongs to.</summary>
    public ModelEntry? Holder(string tenant, string? key, DateTimeOffset now) =>
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
        yield return ("requests-minute", quota.RequestsPerMinute, mine.Count(e => e.Counts && e.At > now.AddSeconds(-60)), 1);
        yield return ("images-day", quota.ImagesPerDay, Images(mine, e => SameDay(e.At, now)), images);
        yield return ("images-month", quota.ImagesPerMonth, Images(mine, e => SameMonth(e.At, now)), images);
        yield return ("usd-month", quota.MicrosPerMonth, Micros(mine, e => SameMonth(e.At, now)), micros);
        yield return ("concurrent-generations", quota.ConcurrentGenerations, mine.Count(e => e.State == 'R' || e.Runs(now)), 1);
        yield return ("org-images-day", organization.ImagesPerDay, Images(Entries, e => SameDay(e.At, now)), images);
        yield return ("org-images-month", organization.ImagesPerMonth, Images(Entries, e => SameMonth(e.At, now)), images);
        yield return ("org-usd-month", organization.MicrosPerMonth, Micros(Entries, e => SameMonth(e.At, now)), micros);
    }

    /// <returns>
    /// Null: it may have to wait a second, because a request of a process that has crashed may be next.
    /// </returns>
    public bool? MaySend(string tenant, DateTimeOffset now)
    {
        var maySend = HasSlot(now) && MayTake(tenant, now);
        return maySend && Entries.Exists(e => e is { State: 'R', Waiting: null } && e.Tenant != tenant) ? null : maySend;
    }

    private bool HasSlot(DateTimeOffset now) =>
        _pausedUntil <= now
        && (_probes == 0 || Entries.All(e => e.State != 'F'))
        && Entries.Count(e => e.Runs(now)) < options.ConcurrentGenerations
        && Entries.Count(e => e.ForwardedAt > now.AddSeconds(-60)) < options.GenerationsPerMinute;

    /// <summary>Whether a tenant leaves the last free slot to those that asked lately and have less.</summary>
    private bool MayTake(string tenant, DateTimeOffset now)
    {
        var others = Entries
            .Where(e => e.Tenant != tenant && e.At.Ticks / TimeSpan.TicksPerMinute > (now.Ticks / (double)TimeSpan.TicksPerMinute) - 11)
            .Select(e => e.Tenant)
            .Distinct()
            .ToList();
        return !IsLast(
                options.ConcurrentGenerations,
                Entries.Count(e => e.Runs(now)),
                Entries.Count(e => e.Tenant == tenant && e.Runs(now)),
                others.Count(other => Entries.Count(e => e.Tenant == other && e.Runs(now)) < Share(options.ConcurrentGenerations))
            )
            && !IsLast(
                options.GenerationsPerMinute,
                Entries.Count(e => e.ForwardedAt > now.AddSeconds(-60)),
                Created(tenant),
                others.Count(other => Created(other) < Share(options.GenerationsPerMinute))
            )
            && (
                others.Count == 0
                || Entries.Count(e => e.ForwardedAt > now.AddSeconds(-6)) < Math.Max(1, options.GenerationsPerMinute / 10)
                || Created(tenant) < Share(options.GenerationsPerMinute)
            );

        bool IsLast(int limit, int used, int own, int without) =>
            own >= Share(limit) && limit - used <= Math.Min(without, Math.Max(1, limit / 10));

        int Created(string one) => Entries.Count(e => e.Tenant == one && e.ForwardedAt > now.AddSeconds(-60));

        int Share(int limit) => Math.Max(1, limit / (others.Count + 1));
    }

    public void Forwarded(ModelEntry entry, DateTimeOffset at)
    {
        entry.State = 'F';
        entry.ForwardedAt = at;
        entry.RunningUntil = at + options.GenerationTimeLimit;
        entry.Waiting = null;
    }

    public void Settle(ModelEntry entry, string generation, long cost, DateTimeOffset now, bool isStated = true)
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
        if (entry.State != 'F')
            entry.OwedByNobody(now);
        else
            _probes = Math.Max(0, _probes - 1);
        entry.State = 'S';
        entry.EndedAt = now;
        entry.Generation = generation;
        Generations.Add(generation);
    }

    /// <param name="isRejected">The upstream refused the request itself; otherwise there were too many.</param>
    public void Refuse(ModelEntry entry, bool isRejected, DateTimeOffset now)
    {
        if (!isRejected && entry.State == 'F')
            (_pausedUntil, _probes) = (now.AddSeconds(5) > _pausedUntil ? now.AddSeconds(5) : _pausedUntil, 10);
        Release(entry, keepsKey: isRejected, counts: isRejected);
    }

    /// <param name="keepsKey">Whether the upstream refused the request itself.</param>
    /// <param name="counts">Whether it was sent, or its caller gave it up.</param>
    public static void Release(ModelEntry entry, bool keepsKey = false, bool counts = false)
    {
        if (entry.State is 'S' or 'V')
            return;
        if (entry.State == 'R' || !keepsKey)
            entry.Key = null;
        entry.State = 'V';
        entry.CountsInMinute = counts;
        entry.OwedBy = null;
        entry.RunningUntil = null;
        entry.Waiting = null;
    }

    public static void Unknown(ModelEntry entry, DateTimeOffset now)
    {
        if (entry.State == 'U')
            entry.FencedAt = entry.FencedAt < now ? entry.FencedAt : now;
        if (entry.State != 'F')
            return;
        entry.State = 'U';
        entry.FencedAt = now;
        entry.OwedByNobody(now);
    }

    /// <param name="orphan">Whether the process of an entry has ended.</param>
    public void Sweep(DateTimeOffset now, Func<ModelEntry, bool> orphan)
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
                entry.OwedByNobody(now);
            }
            else if (entry.State == 'U' && entry.ForwardedAt < now - options.UnknownGrace)
            {
                entry.State = 'W';
                entry.Charged = entry.Micros;
                entry.RunningUntil = null;
                entry.EndedAt = now;
                entry.OwedByNobody(now);
            }
        }
    }

    private static long Images(IEnumerable<ModelEntry> entries, Func<ModelEntry, bool> within) =>
        entries.Where(e => (e.Held || e.Spent) && within(e)).Sum(e => (long)e.Images);

    private static long Micros(IEnumerable<ModelEntry> entries, Func<ModelEntry, bool> within) =>
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
