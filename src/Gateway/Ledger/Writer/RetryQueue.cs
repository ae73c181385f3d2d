namespace Gateway.Ledger.Writer;

/// <summary>Outcomes that could not be stored yet. They wait in memory and are tried again, with longer and longer pauses, until they are durable.</summary>
internal sealed class RetryQueue(TimeProvider time)
{
    private const int MaxGroupSize = 512;
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    private readonly LinkedList<LedgerOperation> _line = [];
    private int _group = MaxGroupSize;
    private long _pausedUntil;

    public int Count => _line.Count;

    /// <summary>Batches that failed one after the other.</summary>
    public int Failures { get; private set; }

    /// <summary>The store failed more than once, a moment ago: it is not asked again yet.</summary>
    public bool IsPaused => Failures > 1 && time.GetTimestamp() < _pausedUntil;

    public TimeSpan UntilDue
    {
        get
        {
            var left = time.GetElapsedTime(time.GetTimestamp(), _pausedUntil);
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }

    /// <summary>What to try now; it stays in the line until it is removed.</summary>
    public List<LedgerOperation> Due() => UntilDue == TimeSpan.Zero ? [.. _line.Take(_group)] : [];

    /// <summary>At the end: one that makes every batch fail does not keep the others back.</summary>
    public void Add(LedgerOperation operation)
    {
        _line.Remove(operation);
        _line.AddLast(operation);
    }

    public void Remove(LedgerOperation operation) => _line.Remove(operation);

    /// <param name="ofLine">Whether the batch was a group out of this line.</param>
    public void Stored(bool ofLine)
    {
        Failures = 0;
        if (ofLine)
            _group = MaxGroupSize;
    }

    /// <param name="ofLine">Whether the batch was a group out of this line: then a smaller one is tried next.</param>
    public void Failed(bool ofLine)
    {
        Failures++;
        if (ofLine)
            _group = Math.Max(1, Math.Min(_group, _line.Count) / 2);
        var pause = Failures == 1 ? 1 : Math.Min(LongestPause.TotalMilliseconds, 50 << Math.Min(Failures, 6));
        _pausedUntil = time.GetTimestamp() + (long)(pause / 1000 * time.TimestampFrequency);
    }
}
