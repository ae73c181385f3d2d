using System.Collections.Concurrent;
using Gateway.Edge;
using Gateway.Edge.Problems;
using Gateway.Ledger.Maintenance;
using Gateway.Ledger.PostgreSql;
using Gateway.Ledger.Rules;
using Gateway.Ledger.Sqlite;
using Gateway.Ledger.Writer;
using Gateway.Storage;
using Gateway.Tenants;

namespace Gateway.Ledger;

/// <summary>
/// Exact quotas (docs/ledger.md). A generation is admitted against all of them at once, and durably, before it is sent;
/// its outcome is recorded once, whether or not the caller and the store are still there.
/// </summary>
internal sealed class QuotaLedger : IHostedLifecycleService, IAsyncDisposable
{
    private readonly Database _database;
    private readonly QuotaOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<QuotaLedger> _log;
    private readonly LedgerWriter _writer;
    private readonly LedgerClient _client;
    private readonly LedgerMaintenance _maintenance;
    private readonly ConcurrentDictionary<Guid, (string Tenant, string Model)> _open = new();
    private readonly QuotaStatusCache _status;
    private readonly KeptPlaces _places;
    private readonly CancellationTokenSource _abort = new();
    private Task _writing = Task.CompletedTask;
    private Task _maintaining = Task.CompletedTask;

    /// <param name="organization">The organisation's limits, as they are in force when asked.</param>
    /// <param name="weightOf">A tenant's share when several want the account, at least 1.</param>
    /// <param name="time">The clock on SQLite; leases and waiting on both engines.</param>
    public QuotaLedger(
        Database database,
        QuotaOptions options,
        Func<QuotaLimits> organization,
        Func<string, int> weightOf,
        TimeProvider time,
        ILogger<QuotaLedger> log
    )
    {
        (_database, _options, _time, _log) = (database, options, time, log);
        Instance = Guid.CreateVersion7(time.GetUtcNow());
        Store = database.Select<LedgerStore>(
            sqlite => new SqliteLedgerStore(sqlite, options, Instance, time),
            postgreSql => new PostgreSqlLedgerStore(postgreSql, options, Instance)
        );
        _places = new KeptPlaces(time);
        _writer = new LedgerWriter(Store, options, new LedgerRules(options, organization, weightOf, Instance, time), time, log);
        _client = new LedgerClient(_writer, options.StoreTimeout, time);
        _status = new QuotaStatusCache(_client.StatusAsync, time, log);
        Answers = new AnswerLedger(_writer, _client);
        Jobs = new JobLedger(_writer, _client, _open);
        Recovered = new RecoveredReservations(_writer, _client, time);
        _maintenance = new LedgerMaintenance(
            database,
            Store,
            options,
            Instance,
            () => _client.RunAsync(keys => keys.Sweep = true, rules => rules.Outcomes.Sweep()),
            time,
            log
        );
    }

    public Guid Instance { get; }
    public JobLedger Jobs { get; }
    public RecoveredReservations Recovered { get; }

    /// <summary>Who received the answers to requests without an Idempotency-Key.</summary>
    public AnswerLedger Answers { get; }

    /// <summary>Outcomes that are not durable yet.</summary>
    public int Delayed => _writer.Delayed;
    public int Waiting => _writer.Waiting.Count;

    /// <summary>Gateways that share the store and live, as of the last heartbeat; at least 1.</summary>
    public int Replicas => _maintenance.Replicas;

    /// <summary>Contradictions and lost outcomes since the start: an operator must look at the log.</summary>
    public long Alarms => _writer.Alarms + _maintenance.Violations;

    /// <summary>Called for each durable batch with its duration. For metrics only; must not throw.</summary>
    public void OnCommitted(Action<LedgerUnitOfWork, TimeSpan> callback) => _writer.Committed = callback;

    internal LedgerStore Store { get; }

    /// <summary>
    /// Checked on the monotonic clock immediately before the first byte is sent. False: it must be released as never
    /// sent.
    /// </summary>
    public bool HoldsLease(Admission.Admitted admitted) => _time.GetTimestamp() < admitted.LeaseDeadline;

    /// <summary>
    /// Reserves quota and a slot of the account. Returns <see cref="Admission.Admitted"/> only when both are durable.
    /// </summary>
    /// <exception cref="OperationCanceledException">The caller disconnected; what was reserved is released.</exception>
    public async Task<Admission> AdmitAsync(ReservationRequest request, CancellationToken cancellationToken)
    {
        var operation = new ReserveOperation(
            request,
            Guid.CreateVersion7(_time.GetUtcNow()),
            _places,
            _time.After(_time.GetTimestamp(), _options.QueueTimeFor(request.WaitsFor)),
            _options.RepeatWindow > TimeSpan.Zero
        );
        if (!_writer.Post(operation))
            return new Admission.Unavailable(StoreUnavailableException.RetryAfterSeconds, "The gateway is shutting down.");
        await using var registration = cancellationToken.UnsafeRegister(
            (state, cancellationToken) => ((ReserveOperation)state!).CancelByCaller(cancellationToken),
            operation
        );
        // A slot may take longer than the store may.
        if (
            !await _client.IsDoneAsync(operation.Task, _options.StoreTimeout)
            && (!operation.IsWaiting || !await _client.IsDoneAsync(operation.Task, _options.QueueTimeout))
        )
            operation.ReportUnavailable("The store did not answer in time. Nothing was sent.");
        var admission = await operation.Task;
        if (admission is Admission.Admitted)
            _open[operation.Id] = (request.Tenant.Id, request.Fingerprint.Model);
        _status.Set(request.Tenant, admission);
        return admission;
    }

    /// <summary>The outcome of an earlier request with this key. Null: there was none.</summary>
    /// <exception cref="StoreUnavailableException">The store did not answer.</exception>
    public Task<Admission?> FindRepeatedAsync(Tenant tenant, string key, byte[] bodyHash) =>
        _client.RunAsync(keys => keys.IdempotencyKeys.Add((tenant.Id, key)), rules => rules.FindRepeated(tenant.Id, key, bodyHash));

    /// <summary>Leonardo accepted it: charge what it cost.</summary>
    /// <param name="trace">The request's traceparent, to which the end of the generation is linked.</param>
    /// <param name="implausible">What Leonardo stated, where the settlement charges the computed price instead.</param>
    public Task<RecordingResult> SettleAsync(
        Guid reservationId,
        Settlement settlement,
        string? trace = null,
        ImplausibleCost? implausible = null
    ) =>
        OutcomeAsync(
            reservationId,
            outcomes => outcomes.Settle(reservationId, settlement, "settle", trace, implausible),
            keys => keys.AddSettlement(settlement.GenerationId)
        );

    /// <summary>There is certainly no generation: a definite refusal, or nothing was sent.</summary>
    public Task<RecordingResult> ReleaseAsync(Guid reservationId, Outcome outcome) =>
        OutcomeAsync(
            reservationId,
            outcomes => outcomes.Release(reservationId, outcome, outcome.Problem),
            keys => keys.AddReleased(reservationId)
        );

    /// <summary>There may be a generation: what was reserved stays held.</summary>
    public Task<RecordingResult> UnknownAsync(Guid reservationId, Outcome outcome) =>
        OutcomeAsync(reservationId, outcomes => outcomes.Unknown(reservationId, outcome, outcome.Problem));

    /// <summary>A generation is COMPLETE or FAILED: its slot is free.</summary>
    public Task EndAsync(string id) => _client.RecordAsync(keys => keys.Generations.Add(id), rules => rules.Outcomes.End(id));

    /// <summary>The same, with its result, in one commit. Returns whether it is durable, and the first.</summary>
    public async Task<bool> EndAsync(GenerationEnd end) =>
        await _client.RecordAsync(keys => keys.Generations.Add(end.Id), rules => rules.Outcomes.End(end)) == RecordingResult.Durable
        && end.IsFirst;

    /// <summary>Records what the reconciler or an operator found out about an unknown reservation.</summary>
    /// <returns>False: it is too early to release it, or it is not unknown any more.</returns>
    /// <exception cref="StoreUnavailableException">Whether it was recorded is not known.</exception>
    public Task<bool> ReconcileAsync(Guid reservationId, ReconciliationResult result) =>
        _client.RunAsync(
            keys =>
            {
                keys.AddReleased(reservationId);
                if (result is ReconciliationResult.Found found)
                    keys.Generations.Add(found.Settlement.GenerationId);
            },
            rules => rules.Outcomes.Reconcile(reservationId, result)
        );

    /// <summary>
    /// The tenant's quotas for a header: at most a second old, with little waiting. If they cannot be read, the last
    /// known ones, or none.
    /// </summary>
    public ValueTask<IReadOnlyList<QuotaStatus>> StatusAsync(Tenant tenant) => _status.GetAsync(tenant, _writer.IsHealthy);

    /// <summary>Quotas of these tenants, by tenant; each tenant's at one instant.</summary>
    /// <exception cref="StoreUnavailableException">The store did not answer.</exception>
    public Task<Dictionary<string, IReadOnlyList<QuotaStatus>>> QuotasAsync(
        IReadOnlyCollection<Tenant> all,
        CancellationToken cancellationToken
    ) => _client.QuotasAsync(all, cancellationToken);

    /// <summary>What <see cref="AdmitAsync"/> would decide now, by the same rules.</summary>
    /// <exception cref="StoreUnavailableException">The store did not answer.</exception>
    public Task<Quote> QuoteAsync(Tenant tenant, int images, long price, string model, CancellationToken cancellationToken) =>
        _client
            .RunAsync(keys => keys.AddAdmission(tenant.Id, model), rules => rules.Quote(tenant, images, price, model))
            .WaitAsync(cancellationToken);

    /// <summary>Quotas, totals and queue of one instant, read from the store.</summary>
    /// <exception cref="StoreUnavailableException">The store did not answer.</exception>
    public async Task<TenantUsage> UsageAsync(Tenant tenant, CancellationToken cancellationToken)
    {
        var usage = await _client.UsageAsync(tenant, cancellationToken);
        _status.Set(tenant, usage.Quotas);
        return usage;
    }

    /// <summary>Where the requests of these tenants stand in the queue.</summary>
    /// <exception cref="StoreUnavailableException">The store did not answer.</exception>
    public Task<List<(string Tenant, QueueStatus Queue)>> QueuesAsync(
        IReadOnlyCollection<string> tenants,
        CancellationToken cancellationToken
    ) => _client.QueuesAsync(tenants, cancellationToken);

    /// <summary>Whether the store answers, for readiness.</summary>
    public async Task<bool> IsAvailableAsync(CancellationToken cancellationToken) =>
        _writer.IsHealthy && await _client.IsAvailableAsync(cancellationToken);

    /// <summary>What the reconciler has to find out, oldest first.</summary>
    /// <exception cref="StoreUnavailableException">The store did not answer.</exception>
    public Task<IReadOnlyList<UnknownReservation>> UnknownReservationsAsync(CancellationToken cancellationToken) =>
        _client.RunAsync(keys => keys.Unknown = true, rules => rules.Unknown()).WaitAsync(cancellationToken);

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Opens the ledger, and cleans up what an earlier process left open.</summary>
    /// <exception cref="StoreRefusedException">The store must not be used.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _database.EnsureOpenAsync(cancellationToken);
        }
        catch (StoreUnavailableException fault) when (fault is not StoreRefusedException)
        {
            LedgerLog.StartedWithoutStore(_log, fault);
        }
        _writing = Task.Run(() => _writer.RunAsync(_abort.Token), CancellationToken.None);
        await _maintenance.SweepAsync(cancellationToken);
        _maintaining = Task.Run(() => _maintenance.RunAsync(_abort.Token), CancellationToken.None);
    }

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>What waits for a slot is refused at once; what was sent is finished.</summary>
    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        _writer.Waiting.Close();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StoppedAsync(CancellationToken cancellationToken)
    {
        _writer.Waiting.Close();
        _writer.Stop();
        await _client.IsDoneAsync(_writing, _options.StoreTimeout);
        await AbortAsync();
    }

    /// <summary>Stops at once, in the middle of a batch, as a crash does.</summary>
    public async Task AbortAsync()
    {
        // The container disposes of it once per registration, and a host may stop what is disposed of.
        if (!_abort.IsCancellationRequested)
            await _abort.CancelAsync();
        _writer.Stop();
        await Task.WhenAll(_writing, _maintaining).ContinueWith(_ => { }, TaskScheduler.Default);
    }

    public async ValueTask DisposeAsync()
    {
        await AbortAsync();
        _abort.Dispose();
    }

    /// <summary>Sweeps now, and not with the next heartbeat.</summary>
    internal Task SweepAsync() => _maintenance.SweepAsync(_abort.Token);

    private async Task<RecordingResult> OutcomeAsync(Guid id, Func<OutcomeRules, bool> record, Action<LedgerKeys>? addKeys = null)
    {
        var isOpen = _open.TryRemove(id, out var open);
        return await _client.RecordAsync(
            keys =>
            {
                keys.Reservations.Add(id);
                if (isOpen)
                    keys.AddOutcome(open.Tenant, open.Model);
                addKeys?.Invoke(keys);
            },
            rules => record(rules.Outcomes)
        );
    }
}
