using System.Collections.Concurrent;
using Gateway.Ledger.Maintenance;
using Gateway.Ledger.PostgreSql;
using Gateway.Ledger.Rules;
using Gateway.Ledger.Sqlite;
using Gateway.Ledger.Writer;
using Gateway.Storage;
using Gateway.Tenants;

namespace Gateway.Ledger;

/// <summary>
/// Exact quotas (ledger). A generation is admitted against all of them at once, and durably, before it is sent; its outcome is recorded once, whatever
/// becomes of the caller or the store meanwhile.
/// </summary>
internal sealed class QuotaLedger : IHostedLifecycleService, IAsyncDisposable
{
    private static readonly TimeSpan StatusAge = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan StatusPatience = TimeSpan.FromMilliseconds(250);

    private readonly Database _database;
    private readonly QuotaOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<QuotaLedger> _log;
    private readonly LedgerWriter _writer;
    private readonly LedgerMaintenance _keeper;
    private readonly ConcurrentDictionary<Guid, string> _open = new();
    private readonly ConcurrentDictionary<string, (IReadOnlyList<QuotaStatus> Quotas, long At)> _status = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _abort = new();
    private Task _writing = Task.CompletedTask;
    private Task _keeping = Task.CompletedTask;

    /// <param name="organization">The organisation's limits, as they are in force when asked.</param>
    /// <param name="time">The clock on SQLite; leases and waiting on both engines.</param>
    public QuotaLedger(Database database, QuotaOptions options, Func<QuotaLimits> organization, TimeProvider time, ILogger<QuotaLedger> log)
    {
        (_database, _options, _time, _log) = (database, options, time, log);
        Instance = Guid.CreateVersion7(time.GetUtcNow());
        Store = database switch
        {
            SqliteDatabase sqlite => new SqliteLedgerStore(sqlite, options, Instance, time),
            PostgreSqlDatabase server => new PostgreSqlLedgerStore(server, options, Instance),
            _ => throw new ArgumentException("No ledger is known for this engine", nameof(database)),
        };
        _writer = new LedgerWriter(Store, options, organization, Instance, time, log);
        _keeper = new LedgerMaintenance(
            database,
            Store,
            options,
            () => TryAsync(keys => keys.Sweep = true, batch => batch.Outcomes.Sweep()),
            time,
            log
        );
    }

    /// <summary>This process, for the store.</summary>
    public Guid Instance { get; }

    /// <summary>Whether this instance may send at all. For one request: <see cref="HoldsLease"/>.</summary>
    public bool MaySend => _time.GetTimestamp() < _writer.LeaseDeadline;

    /// <summary>Outcomes that are not durable yet.</summary>
    public int Delayed => _writer.Delayed;

    /// <summary>Requests that wait for a slot.</summary>
    public int Waiting => _writer.Waiting;

    /// <summary>Contradictions seen since the start. Not nought: somebody has to look at the log.</summary>
    public long Alarms => _writer.Alarms + _keeper.Violations;

    /// <summary>Told of each durable batch and how long it took. For figures only; must not throw.</summary>
    public void OnCommitted(Action<LedgerUnitOfWork, TimeSpan> told) => _writer.Committed = told;

    internal LedgerStore Store { get; }

    /// <summary>Asked on the monotonic clock immediately before the first byte leaves. False: release it as never sent.</summary>
    public bool HoldsLease(Admission.Admitted admitted) => _time.GetTimestamp() < admitted.LeaseDeadline;

    /// <summary>Asks for quota, and for a slot of the account. Answers <see cref="Admission.Admitted"/> only when that is durable.</summary>
    /// <exception cref="OperationCanceledException">The caller has gone before it was admitted; what was reserved is given back.</exception>
    public async Task<Admission> AdmitAsync(ReservationRequest request, CancellationToken cancellationToken)
    {
        var operation = new ReserveOperation(
            request,
            Guid.CreateVersion7(_time.GetUtcNow()),
            _time.GetTimestamp() + (long)(_options.QueueTimeout.TotalSeconds * _time.TimestampFrequency)
        );
        if (!_writer.Post(operation))
            return new Admission.Unavailable(1, "The gateway is shutting down.");
        await using var gone = cancellationToken.UnsafeRegister((state, token) => ((ReserveOperation)state!).CallerGone(token), operation);
        if (!await IsDoneAsync(operation.Task, _options.StoreTimeout))
        {
            // Waiting for a slot is well; waiting for the store is not.
            if (!operation.IsWaiting || !await IsDoneAsync(operation.Task, _options.QueueTimeout))
                operation.GiveUp("The store did not answer in time. Nothing was sent.");
        }
        var admission = await operation.Task;
        if (admission is Admission.Admitted)
            _open[operation.Id] = request.Tenant.Id;
        if (((admission as Admission.Admitted)?.Quotas ?? (admission as Admission.Exceeded)?.Quotas) is { } quotas)
            Publish(request.Tenant, quotas);
        return admission;
    }

    /// <summary>What an earlier request with this key became. Null: there was none.</summary>
    public async Task<Admission?> RecallAsync(Tenant tenant, string key, byte[] bodyHash)
    {
        var (isKnown, earlier) = await TryAsync(
            keys => keys.IdempotencyKeys.Add((tenant.Id, key)),
            batch => (true, batch.Recall(tenant.Id, key, bodyHash))
        );
        return isKnown ? earlier : new Admission.Unavailable(1, "The store did not answer. Nothing was sent.");
    }

    /// <summary>There is a generation: charge what it cost.</summary>
    /// <param name="trace">The request's traceparent, for whoever sees the generation end.</param>
    public Task<RecordingResult> SettleAsync(Guid reservationId, Settlement settlement, string? trace = null) =>
        OutcomeAsync(
            reservationId,
            outcomes => outcomes.Settle(reservationId, settlement, "settle", trace),
            keys => keys.Generations.Add(settlement.GenerationId)
        );

    /// <summary>There is none, for certain: a definite refusal, or nothing was sent.</summary>
    public Task<RecordingResult> ReleaseAsync(Guid reservationId, Outcome outcome) =>
        OutcomeAsync(reservationId, outcomes => outcomes.Release(reservationId, outcome, outcome.Problem));

    /// <summary>There may be one. Stays held.</summary>
    public Task<RecordingResult> UnknownAsync(Guid reservationId, Outcome outcome) =>
        OutcomeAsync(reservationId, outcomes => outcomes.Unknown(reservationId, outcome, outcome.Problem));

    /// <summary>A generation is COMPLETE or FAILED: it is concurrent no more.</summary>
    public Task EndAsync(string generationId) =>
        SurviveAsync(
            keys => keys.Generations.Add(generationId),
            batch =>
            {
                batch.Outcomes.End(generationId);
                return RecordingResult.Durable;
            }
        );

    /// <summary>What the reconciler or an operator found out. False: too early, or not unknown any more, or the store is away.</summary>
    public Task<bool> ReconcileAsync(Guid reservationId, ReconciliationResult verdict) =>
        TryAsync(
            keys =>
            {
                keys.Reservations.Add(reservationId);
                if (verdict is ReconciliationResult.Found found)
                    keys.Generations.Add(found.Settlement.GenerationId);
            },
            batch => batch.Outcomes.Reconcile(reservationId, verdict)
        );

    /// <summary>Where the tenant's quotas stand, for a header: at most a second old, and not worth waiting for. Without a store, the last known, or none.</summary>
    public async ValueTask<IReadOnlyList<QuotaStatus>> StatusAsync(Tenant tenant)
    {
        var known = _status.TryGetValue(tenant.Id, out var last);
        if ((known && _time.GetElapsedTime(last.At) < StatusAge) || !_writer.IsHealthy)
            return last.Quotas ?? [];
        if (await TryAsync(keys => keys.Tenants.Add(tenant.Id), batch => batch.Quotas(tenant), StatusPatience) is not { } quotas)
            return last.Quotas ?? [];
        Publish(tenant, quotas);
        return quotas;
    }

    /// <summary>Quotas of all these tenants at one instant, by tenant. Null: the store is away.</summary>
    public Task<Dictionary<string, IReadOnlyList<QuotaStatus>>?> QuotasAsync(
        IReadOnlyCollection<Tenant> all,
        CancellationToken cancellationToken
    ) =>
        TryAsync(
                keys => keys.Tenants.UnionWith(all.Select(one => one.Id)),
                batch => all.ToDictionary(one => one.Id, batch.Quotas, StringComparer.Ordinal)
            )
            .WaitAsync(cancellationToken);

    /// <summary>Quotas and totals of one instant, fresh. Null: the store is away.</summary>
    public async Task<(IReadOnlyList<QuotaStatus> Quotas, UsageTotals Totals)?> UsageAsync(
        Tenant tenant,
        CancellationToken cancellationToken
    )
    {
        var usage = await TryAsync<(IReadOnlyList<QuotaStatus>, UsageTotals)?>(
                keys => keys.Tenants.Add(tenant.Id),
                batch => (batch.Quotas(tenant), batch.Totals(tenant))
            )
            .WaitAsync(cancellationToken);
        if (usage is var (quotas, _))
            Publish(tenant, quotas);
        return usage;
    }

    /// <summary>Whether the store answers, for readiness.</summary>
    public async Task<bool> IsAvailableAsync(CancellationToken cancellationToken) =>
        _writer.IsHealthy && await TryAsync(_ => { }, _ => true).WaitAsync(cancellationToken);

    /// <summary>What the reconciler has to find out, oldest first.</summary>
    public async Task<IReadOnlyList<UnknownReservation>> UnknownReservationsAsync(CancellationToken cancellationToken) =>
        await TryAsync(keys => keys.Unknown = true, batch => batch.Unknown()).WaitAsync(cancellationToken) ?? [];

    /// <summary>Seeds of the requests that are being sent now. What they make has no owner yet, and must not be given to another reservation.</summary>
    public Task<HashSet<uint>> SeedsUnderWayAsync(CancellationToken cancellationToken) =>
        LedgerBacklog.SeedsAsync(_database, cancellationToken);

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Opens the book and clears up what an earlier process left open.</summary>
    /// <exception cref="StoreRefusedException">The store must not be used.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _database.EnsureOpenAsync(cancellationToken);
        }
        catch (Exception away) when (away is not StoreRefusedException and not OperationCanceledException)
        {
            _log.LogError(away, "The store is away: the gateway starts, and admits nothing until it is there");
        }
        _writing = Task.Run(() => _writer.RunAsync(_abort.Token), CancellationToken.None);
        await _keeper.SweepAsync(cancellationToken);
        _keeping = Task.Run(() => _keeper.RunAsync(_abort.Token), CancellationToken.None);
    }

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StoppedAsync(CancellationToken cancellationToken)
    {
        _writer.Complete();
        await IsDoneAsync(_writing, _options.StoreTimeout);
        await AbortAsync();
    }

    /// <summary>Stops at once, in the middle of whatever is under way: what a crash leaves behind.</summary>
    public async Task AbortAsync()
    {
        // The container disposes what it made once for each way it was asked for, and a host may stop what is disposed.
        if (!_abort.IsCancellationRequested)
            await _abort.CancelAsync();
        _writer.Complete();
        await Task.WhenAll(_writing, _keeping).ContinueWith(_ => { }, TaskScheduler.Default);
    }

    public async ValueTask DisposeAsync()
    {
        await AbortAsync();
        _abort.Dispose();
    }

    /// <summary>Clears up what is due, now: it is done by itself every few seconds.</summary>
    internal Task SweepAsync() => _keeper.SweepAsync(_abort.Token);

    private async Task<RecordingResult> OutcomeAsync(Guid id, Func<OutcomeRules, bool> record, Action<LedgerKeys>? need = null)
    {
        _open.TryRemove(id, out var tenant);
        return await SurviveAsync(
            keys =>
            {
                keys.Reservations.Add(id);
                if (tenant is not null)
                    keys.Tenants.Add(tenant);
                need?.Invoke(keys);
            },
            batch => record(batch.Outcomes) ? RecordingResult.Durable : RecordingResult.Conflict
        );
    }

    /// <summary>An operation that is tried until it is durable, whoever still waits for it.</summary>
    private async Task<RecordingResult> SurviveAsync(Action<LedgerKeys> need, Func<AdmissionRules, RecordingResult> decide)
    {
        var operation = new LedgerOperation<RecordingResult>(need, decide, survives: true);
        return _writer.Post(operation) && await IsDoneAsync(operation.Task, _options.StoreTimeout)
            ? await operation.Task
            : RecordingResult.Delayed;
    }

    /// <summary>An operation that may be lost: the store is away, or the answer late.</summary>
    private async Task<T?> TryAsync<T>(Action<LedgerKeys> need, Func<AdmissionRules, T> decide, TimeSpan? patience = null)
    {
        var operation = new LedgerOperation<T>(need, decide, survives: false);
        if (!_writer.Post(operation) || !await IsDoneAsync(operation.Task, patience ?? _options.StoreTimeout))
            return default;
        return operation.Task.IsCompletedSuccessfully ? await operation.Task : default;
    }

    private void Publish(Tenant tenant, IReadOnlyList<QuotaStatus> quotas) => _status[tenant.Id] = (quotas, _time.GetTimestamp());

    /// <summary>Whether the task ends in this time, however it ends.</summary>
    private async ValueTask<bool> IsDoneAsync(Task task, TimeSpan most)
    {
        await task.WaitAsync(most, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return task.IsCompleted;
    }
}
