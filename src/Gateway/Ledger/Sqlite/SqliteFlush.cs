using Gateway.Edge;

namespace Gateway.Ledger.Sqlite;

/// <summary>
/// Flushes settlements that were answered before they were durable (docs/ledger.md, X12), unless the next batch
/// does.
/// </summary>
/// <param name="flush">Makes everything durable that was committed.</param>
internal sealed class SqliteFlush(Func<Task> flush, TimeProvider time)
{
    /// <summary>A power cut loses no more than this.</summary>
    private static readonly TimeSpan Latest = TimeSpan.FromMilliseconds(20);

    private ITimer? _timer;
    private int _isArmed;

    /// <summary>Whether a commit is not durable yet. Read and changed in turn with commits.</summary>
    public bool IsNeeded { get; private set; }

    /// <param name="flushLater">False: with this commit, all before it became durable.</param>
    public void OnCommitted(bool flushLater)
    {
        if (flushLater && Interlocked.Exchange(ref _isArmed, 1) == 0)
        {
            _timer ??= time.CreateTimer(_ => _ = RunAsync(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _timer.Change(Latest, Timeout.InfiniteTimeSpan);
        }
        IsNeeded = flushLater;
    }

    private async Task RunAsync()
    {
        Volatile.Write(ref _isArmed, 0);
        try
        {
            await flush();
        }
        catch (StoreUnavailableException)
        {
            // The next batch flushes, and reports what is wrong: the heartbeat makes one at the latest.
        }
    }
}
