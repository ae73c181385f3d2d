using Gateway.Edge;
using Gateway.Ledger.Rules;

namespace Gateway.Ledger.Writer;

/// <summary>
/// The only writer of this process. It decides everything that waits in one transaction, and completes it when that is
/// durable; while one commit runs, the next batch forms.
/// </summary>
internal sealed class LedgerWriter(LedgerStore store, QuotaOptions options, LedgerRules ledgerRules, TimeProvider time, ILogger log)
{
    private const int MaxBatchSize = 512;
    private const int MaxCandidates = 64;
    private static readonly TimeSpan SlotPoll = TimeSpan.FromMilliseconds(200);

    private readonly OperationQueue _operations = new(time);
    private readonly FairQueue _waiting = new();
    private readonly RetryQueue _retryQueue = new(time);
    private readonly LedgerClock _clock = new(time);
    private readonly StoreContinuity _continuity = new();
    private readonly JobPolling _jobs = new(time);
    private bool _hasStored;
    private long _leaseTaken;

    /// <summary>Timestamp until which this instance may send.</summary>
    public long LeaseDeadline => _hasStored ? time.After(Volatile.Read(ref _leaseTaken), options.Lease) : 0;

    /// <summary>Whether the last batch was stored.</summary>
    public bool IsHealthy => _hasStored && _retryQueue.Failures == 0;

    /// <summary>Contradictions and lost outcomes since the start.</summary>
    public long Alarms { get; private set; }

    /// <summary>Outcomes not yet durable.</summary>
    public int Delayed => _retryQueue.Count;

    public FairQueue Waiting => _waiting;

    /// <summary>See <see cref="AnswerLedger.CallersRecordedUntil"/>.</summary>
    public Func<long> CallersRecordedUntil { get; set; } = time.GetTimestamp;

    /// <summary>Null: this process sends no jobs.</summary>
    public JobDispatch? Jobs { get; set; }

    /// <summary>Not while a retry may unsend one: a claim that was made in between is another one.</summary>
    private bool MayClaim => Jobs is not null && !_waiting.IsClosed && _retryQueue.Count == 0;

    /// <summary>Called after the first durable batch; must not throw.</summary>
    public Action<LedgerUnitOfWork>? Opened { get; set; }

    /// <summary>Called after each durable batch with its duration. For metrics only; must not throw.</summary>
    public Action<LedgerUnitOfWork, TimeSpan>? Committed { get; set; }

    /// <returns>False: the writer has been stopped.</returns>
    public bool Post(LedgerOperation operation) => _operations.Post(operation);

    /// <summary>Goes with the next batch, which the heartbeat makes at the latest: it costs no commit.</summary>
    public void PostLazily(LedgerOperation operation) => _operations.PostLazily(operation);

    /// <summary>Takes no more operations; those it has are completed.</summary>
    public void Stop() => _operations.Stop();

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var open = await WaitForWorkAsync(cancellationToken);
            if (_retryQueue.Due() is { Count: > 0 } due)
                await TryAsync(due, isRetry: true, cancellationToken);
            if (!open && _retryQueue.Count == 0)
                break;
            var batch = TakeOperations();
            if (batch.Count > 0 || _waiting.Count > 0 || (MayClaim && _jobs.IsDue))
                await TryAsync(batch, isRetry: false, cancellationToken);
        }
        if (!cancellationToken.IsCancellationRequested)
            await CloseAsync(cancellationToken);
    }

    /// <returns>False: it has been stopped, and every operation was taken.</returns>
    private async Task<bool> WaitForWorkAsync(CancellationToken cancellationToken)
    {
        var pause =
            _waiting.Count > 0 ? SlotPoll
            : MayClaim ? _jobs.Pause
            : Timeout.InfiniteTimeSpan;
        if (_retryQueue.Count > 0 && (pause == Timeout.InfiniteTimeSpan || _retryQueue.UntilDue < pause))
            pause = _retryQueue.UntilDue;
        var isOpen = await _operations.WaitAsync(pause, cancellationToken);
        if (!isOpen && _retryQueue.Count > 0)
            await Task.Delay(TimeSpan.FromMilliseconds(50), time, cancellationToken);
        return isOpen;
    }

    private List<LedgerOperation> TakeOperations()
    {
        var batch = new List<LedgerOperation>();
        while (batch.Count < MaxBatchSize && _operations.TryTake(out var operation))
        {
            if (_retryQueue.IsPaused && !operation.IsAbandoned)
                Postpone(operation, isUncertain: false, new StoreUnavailableException("The store failed a moment ago."));
            else if (!operation.IsAbandoned)
                batch.Add(operation);
        }
        if (batch.Count > 0 || _waiting.Count > 0)
            _operations.TakeLazy(batch, MaxBatchSize);
        return batch;
    }

    private async Task TryAsync(List<LedgerOperation> operations, bool isRetry, CancellationToken cancellationToken, bool isPart = false)
    {
        var started = time.GetTimestamp();
        var expired = _waiting.Expired(started);
        var renewsLease = !_hasStored || time.GetElapsedTime(_leaseTaken, started) >= options.Heartbeat;
        var batch = new WriterBatch(
            operations,
            expired,
            [.. _waiting.Next(MaxCandidates).Except(expired)],
            MayClaim && !isRetry && _jobs.IsWanted(renewsLease) ? Jobs : null,
            renewsLease,
            started
        );
        if (!isRetry && !isPart && _retryQueue.Count == 0 && operations.Count < MaxBatchSize)
            batch.SignUntil = Math.Min(started, CallersRecordedUntil());
        try
        {
            await store.RunAsync(batch.Keys(isFirst: !_hasStored), state => Decide(state, batch), cancellationToken);
        }
        catch (StoreUnavailableException fault) when (!cancellationToken.IsCancellationRequested)
        {
            OnUnavailable(batch, isRetry, fault);
            return;
        }
        catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
        {
            await OnRejectedAsync(batch, isRetry, fault, cancellationToken);
            return;
        }
        OnStored(batch, isRetry);
    }

    private void Decide(LedgerUnitOfWork state, WriterBatch batch)
    {
        var refusal = _clock.Judge(state.Clock, batch.Started);
        if (refusal is not null)
            state.StopClock();
        state.SeenAt = batch.SignUntil is { } until ? state.Now - time.GetElapsedTime(until) : null;
        refusal = _continuity.Judge(state.Ledger) ?? refusal;

        var rules = ledgerRules.Create(state, refusal);
        if (batch.RenewsLease)
            state.Renew(state.Now + options.Lease);
        rules.Outcomes.EndExpiredSlots();
        if (!_hasStored)
            rules.Outcomes.Sweep();
        batch.Decide(rules, batch.RenewsLease ? time.After(batch.Started, options.Lease) : LeaseDeadline);
    }

    private void OnStored(WriterBatch batch, bool isRetry)
    {
        var state = batch.State!;
        if (!_hasStored || _retryQueue.Failures > 0)
            LedgerLog.Opened(log, state.Ledger.Events, state.Ledger.Running);
        if (!_hasStored)
            Opened?.Invoke(state);
        _retryQueue.OnStored(isRetry);
        if (batch.RenewsLease)
            Volatile.Write(ref _leaseTaken, batch.Started);
        _hasStored = true;
        _continuity.OnStored(state.Ledger);
        state.Alarms.ForEach(alarm => Raise(alarm, null));
        LedgerLog.PricesDeviate(log, state.Prices.Deviations);
        Committed?.Invoke(state, time.GetElapsedTime(batch.Started));

        _jobs.OnStored(batch);
        batch.Claimed.ForEach(job => Jobs!.Send(job));
        foreach (var operation in batch.Operations)
        {
            if (isRetry)
                _retryQueue.Remove(operation);
            Complete(operation, state);
        }
        var candidates = batch.Candidates.Where(candidate => candidate.HasResult || candidate.Fault is not null);
        foreach (var waiting in batch.Expired.Concat(candidates))
        {
            _waiting.Remove(waiting, served: waiting.IsForwarded);
            Complete(waiting, state);
        }
    }

    private void Complete(LedgerOperation operation, LedgerUnitOfWork state)
    {
        if (operation.Fault is { } fault)
            FailForGood(operation, operation is ReserveOperation unsent && state.Find(unsent.Id) is not null, fault);
        else if (operation is not ReserveOperation reserve)
            operation.Complete();
        // Its caller disconnected, or was refused, while the commit ran. Retries come before the next equal request.
        else if (!reserve.TryComplete() && reserve.Undo() is { } undo)
            _retryQueue.Add(undo);
        else if (!reserve.HasResult)
            _waiting.Add(reserve);
    }

    /// <summary>No retry can help it: it threw, or the store can never hold what it decided.</summary>
    private void FailForGood(LedgerOperation operation, bool isReserved, Exception fault)
    {
        if (operation.MustBeRecorded)
            Raise($"An outcome cannot be recorded: {fault.Message} What it reserved stays held until it is reconciled", fault);
        operation.Fail(fault);
        if (isReserved && operation is ReserveOperation reserve)
            _retryQueue.Add(reserve.ReleaseUnsent());
    }

    private void OnUnavailable(WriterBatch batch, bool isRetry, StoreUnavailableException fault)
    {
        _retryQueue.OnFailed(isRetry);
        LedgerLog.Unavailable(log, fault, _retryQueue.Failures);
        _jobs.OnFailed();
        batch.Claimed.ForEach(job => _retryQueue.Add(job.Unsend()));
        foreach (var operation in batch.Operations)
            Postpone(operation, isUncertain: batch.State is not null, fault);
        foreach (var candidate in batch.Candidates.Where(candidate => candidate.IsForwarded))
        {
            _waiting.Remove(candidate, served: false);
            Postpone(candidate, isUncertain: true, fault);
        }
    }

    /// <summary>The store works, and nothing of the batch was stored: halving finds the operation at fault.</summary>
    private async Task OnRejectedAsync(WriterBatch batch, bool isRetry, Exception fault, CancellationToken cancellationToken)
    {
        var operations = batch.Operations;
        if (operations.Count > 1)
        {
            var half = operations.Count / 2;
            await TryAsync(operations[..half], isRetry, cancellationToken, isPart: true);
            await TryAsync(operations[half..], isRetry, cancellationToken, isPart: true);
            return;
        }
        _jobs.OnFailed();
        LedgerLog.Rejected(log, fault);
        foreach (var operation in operations)
        {
            _retryQueue.Remove(operation);
            FailForGood(operation, isReserved: false, fault);
        }
        if (operations.Count > 0)
            return;
        foreach (var waiting in batch.Expired.Concat(batch.Candidates))
        {
            _waiting.Remove(waiting, served: false);
            FailForGood(waiting, isReserved: true, fault);
        }
    }

    /// <param name="operation">Of a batch that the store did not take.</param>
    /// <param name="isUncertain">Whether the batch may be durable all the same.</param>
    private void Postpone(LedgerOperation operation, bool isUncertain, StoreUnavailableException fault)
    {
        if (operation.MustBeRecorded)
        {
            _retryQueue.Add(operation);
            return;
        }
        operation.Fail(fault);
        if (isUncertain && operation is ReserveOperation reserve)
            _retryQueue.Add(reserve.Undo() ?? reserve.ReleaseUnsent());
    }

    /// <summary>The last batch: what waits for a slot is refused; the lease ends, so no replica waits for it.</summary>
    private async Task CloseAsync(CancellationToken cancellationToken)
    {
        var last = _operations.TakeLazy([], int.MaxValue);
        var batch = new WriterBatch(last, _waiting.Expired(0), [], jobs: null, renewsLease: true, time.GetTimestamp());
        try
        {
            await store.RunAsync(
                batch.Keys(isFirst: false),
                state =>
                {
                    batch.Decide(ledgerRules.Create(state), leaseDeadline: 0);
                    state.Renew(state.Now);
                },
                cancellationToken
            );
            batch.Expired.ForEach(waiting => Complete(waiting, batch.State!));
        }
        catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
        {
            LedgerLog.NotClosed(log, fault);
            batch.Expired.ForEach(waiting => waiting.Fail(fault));
        }
    }

    private void Raise(string alarm, Exception? fault)
    {
        Alarms++;
        LedgerLog.Alarm(log, fault, alarm);
    }
}
