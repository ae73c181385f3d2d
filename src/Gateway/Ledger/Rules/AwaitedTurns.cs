namespace Gateway.Ledger.Rules;

/// <summary>
/// Turns that this replica has left to requests of other replicas. One that is not taken is passed over: its replica
/// may have stopped.
/// </summary>
/// <param name="time">Monotonic: the store's clock may stand still.</param>
internal sealed class AwaitedTurns(TimeProvider time)
{
    /// <summary>A replica with waiting requests looks for a slot several times in this time.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly Dictionary<string, (long Turn, long Since, bool IsPassed)> _awaited = new(StringComparer.Ordinal);

    /// <summary>Forgets tenants of which nothing waits elsewhere any more.</summary>
    public void Keep(Competition? competition)
    {
        foreach (var tenant in _awaited.Keys.Where(tenant => competition?.WaitingElsewhere.ContainsKey(tenant) is not true).ToList())
            _awaited.Remove(tenant);
    }

    /// <param name="turn">Of the tenant; it changes when the turn is taken.</param>
    public bool IsAwaited(string tenant, long turn)
    {
        // After one second in vain the next has none: a replica that has stopped may have had requests of many tenants.
        if (!_awaited.TryGetValue(tenant, out var known) || known.Turn != turn)
            known = (turn, time.GetTimestamp(), _awaited.Values.Any(other => other.IsPassed));
        known.IsPassed |= time.GetElapsedTime(known.Since) >= Patience;
        _awaited[tenant] = known;
        return !known.IsPassed;
    }
}
