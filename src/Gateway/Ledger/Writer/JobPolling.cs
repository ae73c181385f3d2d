using Gateway.Edge;
using Gateway.Ledger.Rules;

namespace Gateway.Ledger.Writer;

/// <summary>When the writer looks for queued jobs.</summary>
internal sealed class JobPolling(TimeProvider time)
{
    private const int LongestPause = 60;

    private int _retries;
    private long _pausedUntil;
    private bool _hasQueued;
    private bool _isReady;

    /// <summary>Some are queued, as far as this process knows: they are looked for several times a second.</summary>
    public bool IsDue => _hasQueued && time.GetTimestamp() >= _pausedUntil;

    /// <summary>The next one may be sent at once.</summary>
    public bool IsReady => _isReady && IsDue;

    public bool HasQueued => _hasQueued;

    public void OnStored(WriterBatch batch)
    {
        var (state, jobs) = (batch.State!, batch.State!.Jobs);
        // What fails one of them fails the next: they are not tried in a loop.
        if (jobs.Changed.Count > 0)
            _pausedUntil = time.After(time.GetTimestamp(), TimeSpan.FromSeconds(Math.Min(LongestPause, 1 << Math.Min(++_retries, 6))));
        else if (_retries > 0 && state.Updated.Any(row => row is { JobId: not null, State: ReservationState.Settled }))
            (_retries, _pausedUntil) = (0, 0);
        if (jobs.New.Count + jobs.Changed.Count > 0)
            (_hasQueued, _isReady) = (true, true);
        else if (batch.LooksForJobs)
            (_hasQueued, _isReady) = (jobs.Heads.Count > batch.Claimed.Count, batch.Claimed.Count > 0);
    }

    /// <summary>The heartbeat looks again.</summary>
    public void OnFailed() => (_hasQueued, _isReady) = (false, false);
}
