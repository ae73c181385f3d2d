using Gateway.Ledger;
using Gateway.Ledger.PostgreSql;
using Gateway.Ledger.Rules;
using Gateway.Ledger.Writer;
using Gateway.Tenants;
using Gateway.Tests.Harness;
using static Gateway.Tests.Harness.LedgerHarness;

namespace Gateway.Tests.Ledger;

/// <summary>
/// A random history of a ledger and of its model: after every step they must agree, and the ledger with itself.
/// </summary>
/// <param name="repeatWindow">Zero: equal requests without a key are always new ones.</param>
internal sealed class LedgerHistory(LedgerHarness harness, TimeSpan repeatWindow) : IAsyncDisposable
{
    /// <summary>No heartbeat: only the steps of the history happen.</summary>
    private readonly QuotaOptions _options = new()
    {
        ConcurrentGenerations = 4,
        GenerationsPerMinute = 12,
        QueueTimeout = TimeSpan.FromSeconds(30),
        Heartbeat = TimeSpan.FromDays(1000),
        Lease = TimeSpan.FromDays(2000),
        RepeatWindow = repeatWindow,
    };

    private LedgerModel _model = null!;
    private RepeatModel _repeats = null!;
    private readonly Tenant[] _tenants = [Tenant("a"), Tenant("b"), Tenant("c")];
    private QuotaLedger _ledger = null!;
    private readonly List<DateTimeOffset> _leases = [];
    private int _generation = 1;
    private (DateTimeOffset Wall, long Monotonic)? _trusted;
    private DateTimeOffset _now;
    private DateTimeOffset _started;
    private bool _refuses;

    public async Task RunAsync(IEnumerable<HistoryStep> steps)
    {
        _model = new LedgerModel(_options);
        _repeats = new RepeatModel(_options, _model, harness.IsShared);
        await StartAsync();
        foreach (var step in steps)
        {
            await DoAsync(step);
            await CompareAsync();
        }
    }

    public ValueTask DisposeAsync() => harness.DisposeAsync();

    private async Task DoAsync(HistoryStep step)
    {
        var entry = _model.Entries.Count > 0 ? _model.Entries[^(1 + step.Which % Math.Min(12, _model.Entries.Count))] : null;
        switch (step.Kind)
        {
            case < 40:
                await AdmitAsync(step);
                break;
            case < 52 when entry is not null:
                // One in eight names a generation that may have an owner.
                var generation = step.Amount % 8 == 0 ? $"g-{_generation}" : $"g-{++_generation}";
                await _ledger.SettleAsync(entry.Id, Cost(generation, step.Amount % 40_000));
                _model.Settle(entry, generation, step.Amount % 40_000, _now);
                break;
            case < 60 when entry is { State: not 'R' }:
                await ReleaseAsync(entry, isRejected: step.Amount % 2 == 0);
                break;
            case < 66 when entry is not null:
                await _ledger.UnknownAsync(entry.Id, Unclear);
                LedgerModel.Unknown(entry, _now);
                break;
            case < 72 when entry is not null:
                await ReconcileAsync(entry, step);
                break;
            case < 78 when entry is { Generation: { } ended }:
                await _ledger.EndAsync(ended);
                entry.RunningUntil = null;
                break;
            case < 82:
                await RestartAsync(clean: step.Amount % 3 == 0);
                break;
            case < 90:
                await harness.AdvanceAsync(step.Pause);
                break;
            case < 93:
                await harness.SetWallAsync(harness.Time.GetUtcNow() + step.Jump);
                break;
            case < 95:
                ChangeLimits(step);
                break;
            case < 96:
                await harness.ResetPriceRatioAsync(_ledger, Model);
                _model.Statements.Clear();
                break;
            case < 100:
                await _ledger.SweepAsync();
                if (!_refuses)
                    _model.Sweep(_now, IsOrphan);
                break;
            case < 114 when _repeats.Claims.Count > 0:
                await _repeats.ReportAsync(_ledger, step, _now);
                break;
            case < 117 when _model.Entries.Find(e => e.Waiting is not null) is { } waiting:
                await waiting.Caller!.CancelAsync();
                break;
            case < 120:
                await harness.PruneAsync(_ledger, repeatWindow);
                break;
        }
    }

    private async Task AdmitAsync(HistoryStep step)
    {
        var tenant = _tenants[step.Which % _tenants.Length];
        var (images, price, key, body) = (step.Images, step.Price, step.Key, step.Body);
        var micros = _model.Reserved(price, _now);
        var holder = _model.Holder(tenant.Id, key, _now);
        var exceeded = _model.Exceeded(tenant, harness.Organization, images, micros, _now);

        if (!_refuses)
        {
            var quote = await _ledger.QuoteAsync(tenant, images, price, Model, CancellationToken.None);
            quote.Micros.ShouldBe(micros, "a quote is what is reserved");
            quote.Exceeded.Select(one => one.Quota.Name).ShouldBe(exceeded, "a quote is what is admitted");
        }
        var answering = _repeats.Answering(tenant.Id, body, _now);
        var caller = new CancellationTokenSource();
        var admitting = _ledger.AdmitAsync(Request(tenant, images, price, key, $"body {body}"), caller.Token);
        await BatchesAsync();
        while (!admitting.IsCompleted && _ledger.Waiting <= _model.Entries.Count(e => e.Waiting is { IsCompleted: false }))
            await Task.Yield();
        var answer = admitting.IsCompleted ? await admitting : null;
        if (holder is not null)
            answer.ShouldBeOfType(holder.AnswerTo(body));
        else if (answering.Count > 0)
            _repeats.Claim(answering, answer, _now);
        else if (_repeats.IsElsewhere(tenant.Id, body, _now))
            answer.ShouldBeOfType<Admission.OwedElsewhere>();
        else if (_refuses)
            answer.ShouldBeOfType<Admission.Unavailable>();
        else if (exceeded.Count > 0)
            answer.ShouldBeOfType<Admission.Exceeded>().Policies().ShouldBe(exceeded);
        else
        {
            foreach (var old in _model.Entries.Where(e => e.Tenant == tenant.Id && e.Key == key))
                old.Key = null;
            var entry = new ModelEntry
            {
                Tenant = tenant.Id,
                Images = images,
                Micros = micros,
                Price = price,
                At = _now,
                State = 'R',
                Process = _leases.Count,
                Key = key,
                Body = body,
                Caller = caller,
                OwedBy = key is null && repeatWindow > TimeSpan.Zero ? _leases.Count : null,
                OwedAt = _now,
            };
            _model.MaySend(tenant.Id, _now)?.ShouldBe(answer is not null);
            if (answer is null)
                entry.Waiting = admitting;
            else
                Admitted(entry, answer.ShouldBeOfType<Admission.Admitted>());
            _model.Entries.Add(entry);
        }
    }

    private void Admitted(ModelEntry entry, Admission.Admitted admitted)
    {
        entry.Id = admitted.ReservationId;
        _model.Forwarded(entry, admitted.At);
        _repeats.Admitted(entry, admitted);
    }

    private async Task ReleaseAsync(ModelEntry entry, bool isRejected)
    {
        await _ledger.ReleaseAsync(entry.Id, isRejected ? Refused : Refused with { Problem = "upstream-saturated", Status = 503 });
        _model.Refuse(entry, isRejected, _now);
    }

    private async Task ReconcileAsync(ModelEntry entry, HistoryStep step)
    {
        var decided = entry.State is 'U' or 'W';
        if (step.Amount % 2 == 0)
        {
            var generation = $"g-{++_generation}";
            (await _ledger.ReconcileAsync(entry.Id, new ReconciliationResult.Found(Cost(generation, 7_777), "found"))).ShouldBe(decided);
            if (decided)
                _model.Settle(entry, generation, 7_777, _now, isStated: false);
            return;
        }
        decided &= entry.FencedAt <= _now;
        (await _ledger.ReconcileAsync(entry.Id, new ReconciliationResult.Absent(Refused, "absent"))).ShouldBe(decided);
        if (decided)
            LedgerModel.Release(entry, counts: true);
    }

    private async Task RestartAsync(bool clean)
    {
        await (clean ? harness.StopAsync(_ledger) : harness.CrashAsync(_ledger));
        foreach (var waiting in _model.Entries.Where(e => e.Waiting is not null))
        {
            if (clean)
                (await waiting.Waiting!).ShouldBeOfType<Admission.Saturated>();
            waiting.Waiting = null;
            if (clean)
                LedgerModel.Release(waiting);
        }
        _leases.Add(clean ? _now : DateTimeOffset.MaxValue);
        // A clean stop writes the time, also while the clock is not trusted.
        _repeats.Restarted(clean ? new[] { _now, harness.Time.GetUtcNow() }.Max() : _started, clean);
        _trusted = null;
        await StartAsync();
        _model.Sweep(_now, IsOrphan);
    }

    /// <summary>
    /// On SQLite every earlier process is known to have ended. On PostgreSQL only a clean stop ends the lease, which
    /// never expires here.
    /// </summary>
    private bool IsOrphan(ModelEntry entry) => entry.Process < _leases.Count && (!harness.IsShared || _leases[entry.Process] < _now);

    private async Task StartAsync()
    {
        _ledger = await harness.StartAsync(_options);
        await ReadClockAsync();
        _started = _now;
    }

    /// <summary>Waits for two batches: after them everything that waited has been tried and completed.</summary>
    private async Task BatchesAsync()
    {
        await _ledger.FreshAsync(_tenants[0]);
        await _ledger.FreshAsync(_tenants[0]);
    }

    private async Task ReadClockAsync()
    {
        await BatchesAsync();
        var (wall, monotonic) = (harness.Time.GetUtcNow(), harness.Time.GetTimestamp());
        _refuses = _trusted is { } b && wall - b.Wall - harness.Time.GetElapsedTime(b.Monotonic, monotonic) > LedgerClock.Tolerance;
        if (!_refuses)
            _trusted = (wall, monotonic);
        _now = (await _ledger.FreshAsync(_tenants[0]))[0].At;
        if (!_refuses)
            _now.ShouldBeGreaterThanOrEqualTo(wall);
    }

    /// <summary>Copies from the ledger which requests got a slot: the order of turns has a test of its own.</summary>
    private async Task AdoptAsync()
    {
        var waiting = _model.Entries.Where(e => e.Waiting is not null).ToList();
        var left = _ledger.Waiting;
        while (waiting.Count(e => !e.Waiting!.IsCompleted) > left)
            await Task.Yield();
        foreach (var entry in waiting.Where(e => e.Waiting!.IsCompleted))
        {
            if (entry.Waiting!.IsCanceled)
                LedgerModel.Release(entry, counts: true);
            else if (await entry.Waiting is Admission.Admitted admitted)
                Admitted(entry, admitted);
            else
                LedgerModel.Release(entry);
        }
        foreach (var entry in waiting.Where(e => e.Waiting is not null && !_refuses))
            _model.MaySend(entry.Tenant, _now)?.ShouldBeFalse("a slot is free while a request waits");
        _model.Entries.Count(e => e.Runs(_now)).ShouldBeLessThanOrEqualTo(_options.ConcurrentGenerations);
        _model.Entries.Count(e => e.ForwardedAt > _now.AddSeconds(-60)).ShouldBeLessThanOrEqualTo(_options.GenerationsPerMinute);
    }

    private async Task CompareAsync()
    {
        await ReadClockAsync();
        await AdoptAsync();
        var all = await Task.WhenAll(_tenants.Select(tenant => _ledger.FreshAsync(tenant)));
        foreach (var (tenant, quotas) in _tenants.Zip(all))
        {
            foreach (var (name, limit, taken, _) in _model.Counts(tenant, harness.Organization, _now))
            {
                // While the clock is not trusted, the minute cannot be compared.
                if (_refuses && name == "requests-minute")
                    continue;
                var quota = quotas.Quota(name);
                (quota.Limit, quota.Used + quota.Held).ShouldBe((limit, taken), $"{tenant.Id} {name}");
            }
        }
        (await harness.AuditAsync()).ShouldBeEmpty();
    }

    private void ChangeLimits(HistoryStep step)
    {
        (harness.Organization, var limits) = step.Limits();
        _tenants[step.Which % _tenants.Length] = Tenant(_tenants[step.Which % _tenants.Length].Id, limits);
    }
}
