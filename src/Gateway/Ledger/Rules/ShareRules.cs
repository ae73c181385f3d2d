namespace Gateway.Ledger.Rules;

/// <summary>
/// Whose turn it is to use the account: weighted fair queueing among tenants, on all replicas (docs/ledger.md, "Fair
/// shares"). Only the order is decided here; whether a slot is free is exact in any order.
/// </summary>
/// <param name="weightOf">A tenant's weight, as the tenants file has it now.</param>
/// <param name="awaited">Turns of other replicas that this one has left to them.</param>
internal sealed class ShareRules(LedgerUnitOfWork state, QuotaOptions options, Func<string, int> weightOf, AwaitedTurns awaited)
{
    /// <summary>A tenant that asked within this time finds a slot without waiting for others to finish.</summary>
    public static readonly TimeSpan Lately = TimeSpan.FromMinutes(10);

    private const int TryAgainSoon = 2;
    private const int TryAgainLater = 30;
    private const int LongestEstimate = 3600;

    /// <summary>The turn of a tenant of weight 1; that of weight 2 is half as long.</summary>
    private const long TurnLength = 1_000_000;

    /// <summary>
    /// A tenth: so many slots, or creations of a minute, are kept free for them at most, and so many creations are sent
    /// in a tenth of a minute if a tenant beyond its share sends them.
    /// </summary>
    public static long KeptFreeOf(long limit) => Math.Max(1, limit / 10);

    private long SentInMinute => state.Sent.Count(state.Ledger.Sent);

    /// <summary>Whether anything may be sent to the account now.</summary>
    public bool HasSlot =>
        state.Ledger.PausedUntil <= state.Now
        && (state.Ledger.Probes == 0 || state.Competition is not { Forwarding: > 0 })
        && state.Ledger.Running < options.ConcurrentGenerations
        && SentInMinute < options.GenerationsPerMinute;

    /// <summary>Of those that wait, the one with the earliest start is next.</summary>
    public long StartOf(string tenant) => Math.Max(state.Ledger.Turn, state.Counter(tenant)?.Turn ?? 0);

    /// <summary>Whether a slot is free, and may be this tenant's as far as other tenants are concerned.</summary>
    public bool MayTake(string tenant) =>
        HasSlot && (state.Competition is not { } competition || (!TakesLast(tenant, competition) && !IsTurnOfAnother(tenant, competition)));

    /// <summary>A tenant's requests with a caller go before its jobs.</summary>
    public bool IsWaiting(string tenant) => state.Competition?.WaitingOf(tenant) > 0;

    /// <summary>It was forwarded.</summary>
    public void Take(string tenant)
    {
        var start = StartOf(tenant);
        // One that was before it, and may not be served now, keeps its turn.
        var earliest = state.Competition?.Waiting.Min(other => (long?)StartOf(other)) ?? start;
        state.TakeTurn(tenant, Math.Min(start, earliest), start + TurnLength / weightOf(tenant));
    }

    /// <summary>Where a tenant's requests stand among all that wait for a slot.</summary>
    /// <param name="place">Of which of its requests: 1 is its oldest.</param>
    public QueueStatus Queue(string tenant, long place = 1)
    {
        var waiting = WaitingOf(tenant);
        var position = place;
        // For a tenant of which nothing waits, the others need not be gone through.
        foreach (
            var other in waiting == 0 || state.Competition is not { } competition
                ? []
                : competition.Waiting.Union(competition.Asked, StringComparer.Ordinal)
        )
        {
            if (other == tenant)
                continue;
            // Its turns until then, by weight.
            var turns = (place * weightOf(other) + weightOf(tenant) - 1) / weightOf(tenant);
            position += Math.Min(WaitingOf(other), turns);
        }
        return new QueueStatus(waiting, position, state.Now, SecondsUntilTurn(position));
    }

    /// <summary>Requests whose callers wait for a slot, and queued jobs.</summary>
    private long WaitingOf(string tenant) => (state.Competition?.WaitingOf(tenant) ?? 0) + (state.Counter(tenant)?.Queued ?? 0);

    /// <summary>By the rate at which the account took requests in the last minute.</summary>
    private int SecondsUntilTurn(long position)
    {
        var sent = SentInMinute;
        var seconds =
            sent > 0
                ? (position * 60 + sent - 1) / sent
                : (state.NextFree is { } free ? Math.Min(SecondsUntil(free), TryAgainLater) : TryAgainSoon)
                    * ((position + options.ConcurrentGenerations - 1) / options.ConcurrentGenerations);
        if (sent >= options.GenerationsPerMinute)
            seconds = Math.Max(seconds, SecondsUntil((state.Sent.Oldest ?? state.Now) + Minute.Length));
        return (int)Math.Clamp(Math.Max(seconds, SecondsUntil(state.Ledger.PausedUntil)), 1, LongestEstimate);
    }

    /// <summary>
    /// It has its share already, of slots or of creations, and what is free is kept for tenants that asked lately and
    /// have less: their next request need not wait for others to finish. A tenant alone may use everything.
    /// </summary>
    private bool TakesLast(string tenant, Competition competition)
    {
        var others = competition.Asked.Where(other => other != tenant && AskedLately(other)).ToList();
        var weights = others.Sum(weightOf) + weightOf(tenant);
        return TakesLast(
                options.ConcurrentGenerations,
                state.Ledger.Running,
                competition.RunningOf(tenant),
                other => competition.RunningOf(other) < ShareOf(other, options.ConcurrentGenerations)
            )
            || TakesLast(
                options.GenerationsPerMinute,
                SentInMinute,
                competition.CreatedOf(tenant),
                other => competition.CreatedOf(other) < ShareOf(other, options.GenerationsPerMinute)
            )
            || IsTooFast();

        // A minute that is used up in a burst is used up for everybody until it has passed.
        bool IsTooFast() =>
            others.Count > 0
            && state.Sent.CountOfMoment(state.Ledger.Sent) >= KeptFreeOf(options.GenerationsPerMinute)
            && competition.CreatedOf(tenant) >= ShareOf(tenant, options.GenerationsPerMinute);

        bool TakesLast(long limit, long used, long own, Func<string, bool> hasLess) =>
            own >= ShareOf(tenant, limit) && limit - used <= KeptFreeOf(limit) && limit - used <= others.Count(hasLess);

        long ShareOf(string one, long limit) => Math.Max(1, limit * weightOf(one) / weights);
    }

    private bool IsTurnOfAnother(string tenant, Competition competition) =>
        competition
            .WaitingElsewhere.Keys.Where(other => other != tenant && IsBefore(other, tenant))
            // Only the first is left a slot: one that another takes before it has not been passed over.
            .OrderBy(StartOf)
            .ThenBy(other => other, StringComparer.Ordinal)
            .Any(other => !TakesLast(other, competition) && awaited.IsAwaited(other, state.Counter(other)?.Turn ?? 0));

    /// <summary>A total order, the same on all replicas.</summary>
    private bool IsBefore(string other, string tenant) =>
        (StartOf(other), StartOf(tenant)) is var (one, two) && (one < two || (one == two && string.CompareOrdinal(other, tenant) < 0));

    /// <summary>The minute of it is stored.</summary>
    private bool AskedLately(string tenant) => state.Counter(tenant)?.AskedAt > state.Now - Lately - Minute.Length;

    private long SecondsUntil(DateTimeOffset at) => Math.Max(1, (long)Math.Ceiling((at - state.Now).TotalSeconds));
}

/// <summary>Where a tenant's requests stand in the queue for the account.</summary>
/// <param name="Waiting">How many wait.</param>
/// <param name="Position">Of the oldest among those of all tenants, from 1: an estimate by weights.</param>
/// <param name="At">The store's clock.</param>
/// <param name="Seconds">Until it is sent, by the rate of the last minute.</param>
internal sealed record QueueStatus(long Waiting, long Position, DateTimeOffset At, int Seconds);
