namespace Gateway.Ledger.Rules;

/// <summary>
/// Turns that this replica has left to requests of other replicas. One that is not taken is passed over: its replica
/// may have stopped.
/// </summary>
internal sealed class AwaitedTurns
{
    /// <summary>A replica with waiting requests looks for a slot several times in this time.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly Dictionary<string, (long Turn, DateTimeOffset Since)> _awaited = new(StringComparer.Ordinal);

    /// <summary>Forgets tenants of which nothing waits elsewhere any more.</summary>
    public void Keep(Competition? competition)
    {
        foreach (var tenant in _awaited.Keys.Where(tenant => competition?.WaitingElsewhere.ContainsKey(tenant) is not true).ToList())
            _awaited.Remove(tenant);
    }

    /// <param name="turn">Of the tenant; it changes when the turn is taken.</param>
    public bool IsAwaited(string tenant, long turn, DateTimeOffset now)
    {
        if (_awaited.TryGetValue(tenant, out var known) && known.Turn == turn)
            return now - known.Since < Patience;
        _awaited[tenant] = (turn, now);
        return true;
    }
}
