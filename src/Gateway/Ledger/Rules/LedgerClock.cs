namespace Gateway.Ledger.Rules;

/// <summary>Whether the store's clock is to be believed (ledger, section 6). A wrong clock would open next month's money.</summary>
internal sealed class LedgerClock(TimeProvider time)
{
    public static readonly TimeSpan Tolerance = TimeSpan.FromHours(1);

    private (DateTimeOffset Wall, long Monotonic)? _believed;

    /// <summary>Why nothing may be admitted at this time; null: the clock is sane.</summary>
    /// <remarks>A clock that went back is no reason: time stands still at the high-water mark until it has caught up.</remarks>
    public string? Judge(DateTimeOffset wall)
    {
        var monotonic = time.GetTimestamp();
        if (_believed is { } believed && wall - believed.Wall - time.GetElapsedTime(believed.Monotonic, monotonic) > Tolerance)
            return "The clock jumped forward by more than an hour. Nothing is admitted until it is right again; if it is, restart the gateway to say so.";
        _believed = (wall, monotonic);
        return null;
    }
}
