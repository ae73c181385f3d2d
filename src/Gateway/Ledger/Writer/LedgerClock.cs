namespace Gateway.Ledger.Writer;

/// <summary>
/// Whether the store's clock can be trusted (T-G7): a wrong clock would open the next month's quotas.
/// </summary>
internal sealed class LedgerClock(TimeProvider time)
{
    public static readonly TimeSpan Tolerance = TimeSpan.FromHours(1);

    private (DateTimeOffset Wall, long Monotonic)? _trusted;

    /// <summary>Why nothing may be admitted at this time; null: the clock is sane.</summary>
    /// <param name="wall">The store's clock.</param>
    /// <param name="before">
    /// Timestamp before it was read. A process that is paused after that, for example with its machine, must not take
    /// the pause for a jump in every batch that follows.
    /// </param>
    /// <remarks>
    /// A clock that was set back is no reason: time stays at the high-water mark until the clock has passed it.
    /// </remarks>
    public string? Judge(DateTimeOffset wall, long before)
    {
        if (_trusted is { } trusted && wall - trusted.Wall - time.GetElapsedTime(trusted.Monotonic) > Tolerance)
            return "The clock jumped forward by more than an hour. Nothing is admitted until it is right again; if it is, restart the gateway to say so.";
        _trusted = (wall, before);
        return null;
    }
}
