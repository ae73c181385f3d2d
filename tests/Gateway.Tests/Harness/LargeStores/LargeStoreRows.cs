using System.Globalization;
using Gateway.Ledger.Rules;
using Gateway.Storage;

namespace Gateway.Tests.Harness.LargeStores;

/// <summary>
/// The rows of finished reservations, evenly spread in time, with events in the order of commits as they would have
/// been written one after the other.
/// </summary>
internal sealed class LargeStoreRows(LargeStoreSize size, DateTimeOffset now, LargeStoreWriter writer)
{
    public const int MostImages = 4;

    /// <summary>Micro-dollars.</summary>
    private const long Price = 83_700;

    /// <summary>The last reservation is this old, so that everything has ended.</summary>
    private static readonly TimeSpan Youngest = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Grace = TimeSpan.FromHours(24);

    private readonly Random _random = new(1);
    private readonly Guid _instance = Guid.CreateVersion7(now.AddDays(-size.Days));
    private readonly LargeStoreBalances _balances = new(size.Tenants);
    private readonly LargeStoreResult _result = new();
    private readonly double[] _shares = CumulativeShares(size.Tenants);
    private readonly PriorityQueue<Transition, long> _later = new();
    private string _day = "";
    private DateTimeOffset _dayEnd;
    private long _events;
    private long _sent;
    private long _highWater;

    public void Write()
    {
        var length = (TimeSpan.FromDays(size.Days) - Youngest) / size.Reservations;
        for (var n = 0; n < size.Reservations; n++)
            WriteReservation(now.AddDays(-size.Days) + (n + _random.NextDouble()) * length);
        WriteEvents(long.MaxValue);
        _balances.WriteTo(writer);
        writer.SetLedger(_highWater, _events, _sent);
    }

    private void WriteReservation(DateTimeOffset at)
    {
        var (id, tenant, answered) = (Guid.CreateVersion7(at), NextTenant(), at + TimeSpan.FromMilliseconds(_random.Next(300, 2500)));
        WriteEvents(at.Micros());
        WriteEvent(new Transition(id, null, "R", "reserve"), at.Micros());
        var end = _random.NextDouble() switch
        {
            < 0.005 => new End("V", at + TimeSpan.FromSeconds(10), IsSent: false, Problem: "upstream-saturated", Status: 429),
            < 0.02 => new End("V", answered, Problem: "upstream-rejected", Status: 422),
            < 0.021 when now - at > Grace + Youngest => new End("W", at + Grace, UnknownAt: at + Timeout, Problem: "outcome-unknown", 504),
            < 0.025 => new End("S", at + Timeout + TimeSpan.FromSeconds(15), UnknownAt: at + Timeout),
            _ => new End("S", answered),
        };
        var before = end.IsSent ? "F" : "R";
        if (end.IsSent)
            WriteEvent(new Transition(id, "R", "F", "forward"), at.Micros());
        if (end.UnknownAt is { } unknown)
        {
            _later.Enqueue(new Transition(id, "F", "U", "outcome-unknown"), unknown.Micros());
            before = "U";
        }
        var why =
            end.Problem is { } problem && end.State == "V" ? problem
            : end.State == "W" ? "grace-over"
            : before == "U" ? "listed"
            : "settle";
        _later.Enqueue(new Transition(id, before, end.State, why), end.At.Micros());
        WriteRows(id, tenant, at, end);
    }

    private void WriteRows(Guid id, int tenant, DateTimeOffset at, End end)
    {
        if (at >= _dayEnd)
            (_day, _dayEnd) = (Period.DayOf(at), Period.DayEnd(at));
        var (isSettled, isSpent, images) = (end.State == "S", end.State is "S" or "W", 1 + _random.Next(MostImages) * _random.Next(2));
        var (bodyHash, promptHash) = (new byte[32], new byte[32]);
        _random.NextBytes(bodyHash);
        _random.NextBytes(promptHash);
        // Older keys are free; a released one stays with its answer only if the upstream refused the request itself.
        var hasKey = end.Status is null or 422 && now - at < Grace && _random.Next(2) == 0;
        var generation = isSettled ? NextGenerationId(end.At) : null;
        var micros = images * Price;
        writer.Write(
            LargeStoreTable.Reservation,
            id,
            LargeStore.Tenant(tenant),
            end.State,
            (end.IsSent ? 4L : 2L) + (end.UnknownAt is null ? 0 : 1),
            (short)images,
            micros,
            isSpent ? micros : null,
            _day,
            _day[..7],
            _balances.NextSequence(tenant),
            end.IsSent ? ++_sent : null,
            hasKey ? Guid.NewGuid().ToString() : null,
            bodyHash,
            "flux-pro-2.0",
            promptHash,
            _random.NextInt64(1L << 32),
            1440,
            1440,
            false,
            _instance,
            at.Micros(),
            end.IsSent ? at.Micros() : null,
            end.At.Micros(),
            end.UnknownAt?.Micros(),
            generation,
            isSettled ? micros : null,
            isSettled ? "DOLLARS" : null,
            end.Problem,
            (short?)end.Status,
            end.Problem is null ? null : "As the caller was answered at that time.",
            end.Status == 422 ? "moderation" : null
        );
        _balances.Add(_day, tenant, isSpent ? images : 0, isSpent ? micros : 0, isSettled ? 1 : 0);
        if (generation is not null)
            WriteGeneration(generation, LargeStore.Tenant(tenant), id, end.At, images);
    }

    private void WriteGeneration(string id, string tenant, Guid reservation, DateTimeOffset at, int count)
    {
        var images = new string[count];
        for (var n = 0; n < count; n++)
        {
            images[n] = Guid.NewGuid().ToString();
            var url =
                $"https://cdn.leonardo.ai/users/3f0c6c1e-5d3a-4a10-8f4e-2b7d1c9e0a53/generations/{id}/flux-pro-2.0_A_lighthouse_{n}.jpg";
            writer.Write(LargeStoreTable.Image, images[n], id, tenant, (short)n, url);
        }
        var ended = at + TimeSpan.FromMilliseconds(_random.Next(8_000, 30_000));
        var polled = (ended + TimeSpan.FromSeconds(5)).Micros();
        writer.Write(
            LargeStoreTable.Generation,
            id,
            tenant,
            reservation,
            at.Micros(),
            "COMPLETE",
            _result.Create(id, at, images),
            ended.Micros(),
            5,
            polled
        );
    }

    /// <summary>Those up to this time, in the order of time.</summary>
    private void WriteEvents(long until)
    {
        while (_later.TryPeek(out var transition, out var at) && at <= until)
        {
            _later.Dequeue();
            WriteEvent(transition, at);
        }
    }

    private void WriteEvent(Transition transition, long at)
    {
        writer.Write(LargeStoreTable.Event, ++_events, transition.Reservation, transition.From, transition.To, at, transition.Why);
        _highWater = at;
    }

    /// <summary>A UUID of version 6, as Leonardo's are: ordered by time.</summary>
    private string NextGenerationId(DateTimeOffset at)
    {
        // 100 ns since 1582-10-15.
        var ticks = at.Ticks - new DateTimeOffset(1582, 10, 15, 0, 0, 0, TimeSpan.Zero).Ticks;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{ticks >> 28:x8}-{(ticks >> 12) & 0xFFFF:x4}-6{ticks & 0xFFF:x3}-{_random.Next(0x8000, 0xC000):x4}-{_random.NextInt64(1L << 48):x12}"
        );
    }

    private int NextTenant()
    {
        var found = Array.BinarySearch(_shares, _random.NextDouble() * _shares[^1]);
        return found < 0 ? ~found : found;
    }

    /// <summary>The first tenant has 100 times the share of the hundredth.</summary>
    private static double[] CumulativeShares(int tenants)
    {
        var shares = new double[tenants];
        for (var n = 0; n < tenants; n++)
            shares[n] = (n == 0 ? 0 : shares[n - 1]) + 1.0 / (n + 1);
        return shares;
    }

    private sealed record Transition(Guid Reservation, string? From, string To, string Why);

    /// <param name="UnknownAt">When its outcome became unknown; null: it never was.</param>
    private sealed record End(
        string State,
        DateTimeOffset At,
        DateTimeOffset? UnknownAt = null,
        string? Problem = null,
        int? Status = null,
        bool IsSent = true
    );
}
