using System.Threading.Channels;
using Gateway.Ledger.Rules;
using Gateway.Tenants;

namespace Gateway.Ledger.Writer;

/// <summary>
/// The one writer of this process. Takes what waits, decides all of it in one transaction, and answers when that is durable: while one commit runs,
/// the next batch forms by itself.
/// </summary>
internal sealed class LedgerWriter(
    LedgerStore store,
    QuotaOptions options,
    Func<QuotaLimits> organization,
    Guid instance,
    TimeProvider time,
    ILogger log
)
{
    private const int MaxBatchSize = 512;
    private const int MaxCandidates = 64;
    private static readonly TimeSpan SlotPoll = TimeSpan.FromMilliseconds(200);

    private readonly Channel<LedgerOperation> _operations = Channel.CreateUnbounded<LedgerOperation>(
        new UnboundedChannelOptions { SingleReader = true }
    );
    private readonly FairQueue _waiting = new();
    private readonly RetryQueue _retryQueue = new(time);
    private readonly LedgerClock _clock = new(time);
    private Task<bool>? _readable;
    private bool _joined;
    private long _leaseTaken;
    private (Guid Epoch, long Events)? _seen;

    /// <summary>Timestamp until which this instance may send.</summary>
    public long LeaseDeadline => _joined ? After(Volatile.Read(ref _leaseTaken), options.Lease) : 0;

    /// <summary>Whether the last batch was stored.</summary>
    public bool IsHealthy => _joined && _retryQueue.Failures == 0;

    /// <summary>What should not happen and did, since the start.</summary>
    public long Alarms { get; private set; }

    /// <summary>Outcomes not yet durable.</summary>
    public int Delayed => _retryQueue.Count;

    /// <summary>Requests that wait for a slot.</summary>
    public int Waiting => _waiting.Count;

    /// <summary>Told of each durable batch and how long it took. For figures only; must not throw.</summary>
    public Action<LedgerUnitOfWork, TimeSpan>? Committed { get; set; }

    /// <returns>False: the writer has been stopped.</returns>
    public bool Post(LedgerOperation operation) => _operations.Writer.TryWrite(operation);

    /// <summary>Takes no more operations; what was taken is brought to its end.</summary>
    public void Complete() => _operations.Writer.TryComplete();

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var open = await SomethingToDoAsync(cancellationToken);
            if (_retryQueue.Due() is { Count: > 0 } due)
                await TryAsync(due, again: true, cancellationToken);
            if (!open && _retryQueue.Count == 0)
                break;
            var batch = Gather();
            if (batch.Count > 0 || _waiting.Count > 0)
                await TryAsync(batch, again: false, cancellationToken);
        }
        if (!cancellationToken.IsCancellationRequested)
            await LeaveAsync(cancellationToken);
    }

    private async Task<bool> SomethingToDoAsync(CancellationToken cancellationToken)
    {
        _readable ??= _operations.Reader.WaitToReadAsync(cancellationToken).AsTask();
        if (!_readable.IsCompleted)
        {
            var pause = _waiting.Count > 0 ? SlotPoll : Timeout.InfiniteTimeSpan;
            if (_retryQueue.Count > 0 && (_waiting.Count == 0 || _retryQueue.UntilDue < pause))
                pause = _retryQueue.UntilDue;
            if (pause == Timeout.InfiniteTimeSpan)
                await _readable;
            else
            {
                using var awake = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                await Task.WhenAny(_readable, Task.Delay(pause, time, awake.Token));
                await awake.CancelAsync();
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
        if (!_readable.IsCompleted)
            return true;
        var open = await _readable;
        if (open)
            _readable = null;
        else if (_retryQueue.Count > 0)
            await Task.Delay(TimeSpan.FromMilliseconds(50), time, cancellationToken);
        return open;
    }

    private List<LedgerOperation> Gather()
    {
        var batch = new List<LedgerOperation>();
        while (batch.Count < MaxBatchSize && _operations.Reader.TryRead(out var operation))
        {
            if (operation.IsAbandoned)
                continue;
            if (_retryQueue.IsPaused)
                // The store was away a moment ago: say so at once, and keep what must not be lost.
                Failed(operation, uncertain: false, new TimeoutException());
            else
                batch.Add(operation);
        }
        return batch;
    }

    private async Task TryAsync(List<LedgerOperation> operations, bool again, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var leaving = _waiting.Expired(started);
        var candidates = _waiting.Next(MaxCandidates).Except(leaving).ToList();
        var renew = !_joined || time.GetElapsedTime(_leaseTaken, started) >= options.Heartbeat;
        var keys = new LedgerKeys { Sweep = !_joined, AloneSinceStart = !_joined };
        foreach (var operation in operations.Concat(leaving).Concat(candidates))
            operation.Need(keys);

        LedgerUnitOfWork? decided = null;
        try
        {
            await store.RunAsync(
                keys,
                state =>
                {
                    decided = state;
                    Decide(state, operations, leaving, candidates, renew, started);
                },
                cancellationToken
            );
        }
        catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
        {
            Failed(fault, again);
            foreach (var operation in operations)
                Failed(operation, decided is not null, fault);
            foreach (var candidate in candidates.Where(candidate => candidate.IsForwarded))
            {
                _waiting.Remove(candidate, served: false);
                Failed(candidate, uncertain: true, fault);
            }
            return;
        }

        Stored(decided!, renew, started, again);
        Committed?.Invoke(decided!, time.GetElapsedTime(started));
        foreach (var operation in operations)
        {
            if (again)
                _retryQueue.Remove(operation);
            Answer(operation);
        }
        foreach (var left in leaving)
        {
            _waiting.Remove(left, served: false);
            left.Answer();
        }
        foreach (var candidate in candidates.Where(candidate => candidate.HasAnswer))
        {
            _waiting.Remove(candidate, served: candidate.IsForwarded);
            Answer(candidate);
        }
    }

    private void Decide(
        LedgerUnitOfWork state,
        List<LedgerOperation> operations,
        List<ReserveOperation> leaving,
        List<ReserveOperation> candidates,
        bool renew,
        long started
    )
    {
        var refusal = _clock.Judge(state.Clock);
        if (refusal is not null)
            state.StopClock();
        if (_seen is { } seen && (state.Ledger.Epoch != seen.Epoch || state.Ledger.Events < seen.Events))
            refusal =
                "The store has lost what it had confirmed: it was replaced, or restored from a backup. Restart the gateway to accept it as it is.";

        var batch = new AdmissionRules(state, options, organization(), instance, refusal);
        if (renew)
            state.Renew(state.Now + options.Lease);
        batch.Outcomes.EndExpiredSlots();
        if (!_joined)
            batch.Outcomes.Sweep();
        foreach (var operation in operations)
            operation.Decide(batch);
        foreach (var left in leaving)
            left.Leave(batch);
        var leaseDeadline = renew ? After(started, options.Lease) : LeaseDeadline;
        foreach (var reserved in candidates.Concat(operations.OfType<ReserveOperation>().Where(reserve => !reserve.HasAnswer)))
            reserved.Forward(batch, leaseDeadline);
    }

    private void Stored(LedgerUnitOfWork state, bool renewed, long started, bool again)
    {
        if (!_joined || _retryQueue.Failures > 0)
            log.LogInformation(
                "The ledger is open: {Events} events, {Running} generations running",
                state.Ledger.Events,
                state.Ledger.Running
            );
        _retryQueue.Stored(again);
        if (renewed)
            Volatile.Write(ref _leaseTaken, started);
        _joined = true;
        if (_seen is null || (state.Ledger.Epoch == _seen.Value.Epoch && state.Ledger.Events >= _seen.Value.Events))
            _seen = (state.Ledger.Epoch, state.Ledger.Events);
        foreach (var alarm in state.Alarms)
        {
            Alarms++;
            log.LogError("Ledger alarm: {Alarm}", alarm);
        }
    }

    private void Answer(LedgerOperation operation)
    {
        if (operation is not ReserveOperation reserve)
        {
            operation.Answer();
            return;
        }
        // It was told "away", or hung up, while the commit ran: it is never sent, and gives back what it took.
        if (!reserve.TryAnswer() && reserve.IsForwarded)
            _retryQueue.Add(reserve.ReleaseUnsent());
        else if (!reserve.HasAnswer)
            _waiting.Add(reserve);
    }

    /// <param name="operation">What was in a batch that failed.</param>
    /// <param name="uncertain">Whether the batch may be durable all the same.</param>
    /// <param name="fault">What the store said.</param>
    private void Failed(LedgerOperation operation, bool uncertain, Exception fault)
    {
        if (operation.Survives)
        {
            _retryQueue.Add(operation);
            return;
        }
        operation.Fail(fault);
        if (uncertain && operation is ReserveOperation reserve)
            _retryQueue.Add(reserve.ReleaseUnsent());
    }

    private void Failed(Exception fault, bool again)
    {
        _retryQueue.Failed(again);
        if (_retryQueue.Failures == 1)
            log.LogError(fault, "The store is away: nothing is admitted until it is back");
        else
            log.LogDebug(fault, "The store is still away");
    }

    /// <summary>The last batch: those who wait are sent away, and the lease is given up so that nobody has to wait for its end.</summary>
    private async Task LeaveAsync(CancellationToken cancellationToken)
    {
        var waiting = _waiting.Next(int.MaxValue);
        var keys = new LedgerKeys();
        waiting.ForEach(left => left.Need(keys));
        try
        {
            await store.RunAsync(
                keys,
                state =>
                {
                    var batch = new AdmissionRules(state, options, organization(), instance);
                    waiting.ForEach(left => left.Leave(batch));
                    state.Renew(state.Now);
                },
                cancellationToken
            );
            waiting.ForEach(left => left.Answer());
        }
        catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
        {
            log.LogWarning(fault, "The ledger could not be closed in order: what is open is cleared up when the lease is over");
            waiting.ForEach(left => left.Fail(fault));
        }
    }

    private long After(long timestamp, TimeSpan span) => timestamp + (long)(span.TotalSeconds * time.TimestampFrequency);
}
