namespace Gateway.Quotas;

/// <summary>
/// Counts what happens in any 60 seconds, by the second: never more than the limit, and an event counts for up to 61.
/// </summary>
internal sealed class MinuteCounter(TimeProvider time)
{
    /// <summary>The running second, and 60 before it.</summary>
    private const int Seconds = 61;

    private readonly Lock _lock = new();
    private readonly long _start = time.GetTimestamp();
    private readonly long[] _counts = new long[Seconds];
    private long _second;
    private long _sum;

    /// <param name="limit">Null: unlimited.</param>
    /// <returns>False: the last minute is full, and this is not counted.</returns>
    public bool TryAdd(long? limit)
    {
        lock (_lock)
        {
            Advance();
            if (_sum >= limit)
                return false;
            _counts[_second % Seconds]++;
            _sum++;
            return true;
        }
    }

    /// <returns>How many, and how long until there is room for more than there is now; null: there are none.</returns>
    public (long Count, TimeSpan? UntilReset) Read(long? limit)
    {
        lock (_lock)
        {
            var elapsed = Advance();
            if (_sum == 0)
                return (0, null);
            // A limit lowered below what the minute holds: there is no room yet when the oldest second leaves it.
            var excess = Math.Clamp(_sum - limit ?? 0, 0, _sum - 1);
            var leaves = _second - Seconds + 1;
            for (var gone = 0L; gone <= excess; leaves++)
                gone += leaves < 0 ? 0 : _counts[leaves % Seconds];
            return (_sum, TimeSpan.FromSeconds(leaves - 1 + Seconds) - elapsed);
        }
    }

    private TimeSpan Advance()
    {
        var elapsed = time.GetElapsedTime(_start);
        var second = (long)elapsed.TotalSeconds;
        for (var passed = Math.Max(_second, second - Seconds) + 1; passed <= second; passed++)
        {
            _sum -= _counts[passed % Seconds];
            _counts[passed % Seconds] = 0;
        }
        _second = second;
        return elapsed;
    }
}
