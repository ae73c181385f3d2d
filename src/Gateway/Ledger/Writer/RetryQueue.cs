namespace Gateway.Ledger.Writer;

/// <summary>
/// Outcomes that could not be stored yet. They are kept in memory and retried with growing pauses until they are
/// durable.
/// </summary>
internal sealed class RetryQueue(TimeProvider time)
{
    private const int MaxGroupSize = 512;
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    private readonly LinkedList<LedgerOperation> _queue = [];
    private int _group = MaxGroupSize;
    private long _pausedUntil;

    public int Count => _queue.Count;

    /// <summary>Consecutive batches that the store did not take.</summary>
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

    /// <summary>What to retry now; it stays in the queue until it is removed.</summary>
    public List<LedgerOperation> Due() => UntilDue == TimeSpan.Zero ? [.. _queue.Take(_group)] : [];

    /// <summary>Adds it at the end, so that one that makes every batch fail does not delay the others.</summary>
    public void Add(LedgerOperation operation)
    {
        _queue.Remove(operation);
        _queue.AddLast(operation);
    }

    public void Remove(LedgerOperation operation) => _queue.Remove(operation);

    /// <param name="isRetry">Whether the batch was a group out of this queue.</param>
    public void OnStored(bool isRetry)
    {
        Failures = 0;
        if (isRetry)
            _group = MaxGroupSize;
    }

    /// <param name="isRetry">Whether the batch was a group out of this queue: then a smaller one is tried next.</param>
    public void OnFailed(bool isRetry)
    {
        Failures++;
        if (isRetry)
            _group = Math.Max(1, Math.Min(_group, _queue.Count) / 2);
        var pause = Failures == 1 ? 1 : Math.Min(LongestPause.TotalMilliseconds, 50 << Math.Min(Failures, 6));
        _pausedUntil = time.GetTimestamp() + (long)(pause / 1000 * time.TimestampFrequency);
    }
}
