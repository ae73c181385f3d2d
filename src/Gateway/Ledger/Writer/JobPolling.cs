using Gateway.Edge;
using Gateway.Ledger.Rules;

namespace Gateway.Ledger.Writer;

/// <summary>When the writer looks for queued jobs: they are read under the lock, so not with every batch.</summary>
internal sealed class JobPolling(TimeProvider time)
{
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    private const int LongestPause = 60;

    private int _failures;
    private long _pausedUntil;
    private long _lookedAt;
    private bool _isReady;

    public bool IsDue => HasQueued && IsUnpaused && (_isReady || time.GetElapsedTime(_lookedAt) >= Interval);

    /// <summary>How long the writer may wait for operations.</summary>
    public TimeSpan Pause =>
        !HasQueued ? Timeout.InfiniteTimeSpan
        : _isReady && IsUnpaused ? TimeSpan.Zero
        : Interval;

    /// <summary>Some are queued, as far as this process knows.</summary>
    private bool HasQueued { get; set; }

    private bool IsUnpaused => time.GetTimestamp() >= _pausedUntil;

    /// <summary>The heartbeat looks for jobs that another replica accepted, or left.</summary>
    public bool IsWanted(bool isHeartbeat) => IsDue || (isHeartbeat && !HasQueued);

    public void OnStored(WriterBatch batch)
    {
        var (state, jobs) = (batch.State!, batch.State!.Jobs);
        // What fails one of them fails the next: they are not tried in a loop. Those of one round count once.
        if (jobs.Retried.Any(job => job.IsOutsideFault) && IsUnpaused)
            _pausedUntil = time.After(time.GetTimestamp(), TimeSpan.FromSeconds(Math.Min(LongestPause, 1 << Math.Min(++_failures, 6))));
        else if (_failures > 0 && state.Updated.Any(row => row is { JobId: not null, State: ReservationState.Settled }))
            (_failures, _pausedUntil) = (0, 0);
        if (batch.LooksForJobs)
        {
            _lookedAt = batch.Started;
            var isMore = jobs.Heads.Count >= LedgerStore.Heads || jobs.Heads.Any(id => state.Counter(state.Find(id)!.Tenant)!.Queued > 0);
            (HasQueued, _isReady) = (isMore, batch.Claimed.Count > 0);
        }
        if (jobs.New.Count + jobs.Retried.Count > 0)
            (HasQueued, _isReady) = (true, true);
    }

    /// <summary>The heartbeat looks again.</summary>
    public void OnFailed() => (HasQueued, _isReady) = (false, false);
}
