using Gateway.Ledger;
using Gateway.Ledger.PostgreSql;
using Gateway.Ledger.Rules;
using Gateway.Tenants;
using Gateway.Tests.Harness;
using static Gateway.Tests.Harness.LedgerHarness;

namespace Gateway.Tests.Ledger;

/// <summary>
/// A random history of a ledger and of its model: after every step they must agree, and the ledger with itself.
/// </summary>
internal sealed class LedgerHistory(LedgerHarness harness) : IAsyncDisposable
{
    /// <summary>No heartbeat, no repeats (RepeatContract has them): only the steps of the history happen.</summary>
    private static readonly QuotaOptions Options = new()
    {
        ConcurrentGenerations = 4,
        GenerationsPerMinute = 12,
        QueueTimeout = TimeSpan.FromSeconds(30),
        Heartbeat = TimeSpan.FromDays(1000),
        Lease = TimeSpan.FromDays(2000),
        RepeatWindow = TimeSpan.Zero,
    };

    private static readonly TimeSpan[] Steps =
    [
        TimeSpan.FromMicroseconds(1),
        TimeSpan.FromSeconds(7),
        TimeSpan.FromSeconds(31),
        TimeSpan.FromSeconds(60),
        TimeSpan.FromMinutes(2),
        TimeSpan.FromMinutes(5),
        TimeSpan.FromHours(7),
        TimeSpan.FromHours(24),
        TimeSpan.FromDays(17),
    ];

    private readonly LedgerModel _model = new(Options);
    private readonly Tenant[] _tenants = [Tenant("a"), Tenant("b"), Tenant("c")];
    private QuotaLedger _ledger = null!;
    private readonly List<DateTimeOffset> _leases = [];
    private int _generation = 1;
    private (DateTimeOffset Wall, long Monotonic)? _trusted;
    private DateTimeOffset _now;
    private bool _refuses;

    /// <summary>A kind of step and its arguments.</summary>
    internal sealed record Step(int Kind, int Which, int Amount)
    {
        public override string ToString() => $"({Kind},{Which},{Amount})";
    }

    public async Task RunAsync(IEnumerable<Step> steps)
    {
        await StartAsync();
        await ReadClockAsync();
        foreach (var step in steps)
        {
            await DoAsync(step);
            await CompareAsync();
        }
    }

    public ValueTask DisposeAsync() => harness.DisposeAsync();

    private async Task DoAsync(Step step)
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
                var isRejected = step.Amount % 2 == 0;
                await _ledger.ReleaseAsync(entry.Id, isRejected ? Refused : Refused with { Problem = "upstream-saturated" });
                LedgerModel.Release(entry, keepsKey: isRejected);
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
                await harness.AdvanceAsync(Steps[step.Amount % Steps.Length]);
                break;
            case < 93:
                await harness.SetWallAsync(harness.Time.GetUtcNow() + TimeSpan.FromMinutes(step.Amount % 6000 - 3000));
                break;
            case < 95:
                ChangeLimits(step);
                break;
            case < 96:
                await harness.ResetPriceRatioAsync(_ledger, Model);
                _model.Statements.Clear();
                break;
            default:
                await _ledger.SweepAsync();
                if (!_refuses)
                    _model.Sweep(_now, IsOrphan);
                break;
        }
    }

    private async Task AdmitAsync(Step step)
    {
        var tenant = _tenants[step.Which % _tenants.Length];
        var images = 1 + step.Amount % 8;
        var price = images * (5_000L + step.Amount % 5_000);
        var micros = _model.Reserved(price, _now);
        var key = step.Amount / 8 % 3 == 0 ? $"k-{step.Amount / 24 % 2}" : null;
        var body = step.Amount / 48 % 4 == 0 ? 1 : 0;
        var holder = _model.Holder(tenant.Id, key, _now);
        var exceeded = _model.Exceeded(tenant, harness.Organization, images, micros, _now);

        if (!_refuses)
        {
            var quote = await _ledger.QuoteAsync(tenant, images, price, Model, CancellationToken.None);
            quote.Micros.ShouldBe(micros, "a quote is what is reserved");
            quote.Exceeded.Select(one => one.Quota.Name).ShouldBe(exceeded, "a quote is what is admitted");
        }
        var waiting = _model.Entries.Count(e => e.Waiting is not null);
        var admitting = _ledger.AdmitAsync(Request(tenant, images, price, key, $"body {body}"), CancellationToken.None);
        await BatchesAsync();
        var answer = _ledger.Waiting > waiting ? null : await admitting;

        if (holder is not null)
            answer.ShouldBeOfType(Repetition(holder, body));
        else if (_refuses)
            answer.ShouldBeOfType<Admission.Unavailable>();
        else if (exceeded.Count > 0)
            answer.ShouldBeOfType<Admission.Exceeded>().Policies().ShouldBe(exceeded);
        else
        {
            foreach (var old in _model.Entries.Where(e => e.Tenant == tenant.Id && e.Key == key))
                old.Key = null;
            var entry = new LedgerModel.Entry
            {
                Id = (answer as Admission.Admitted)?.ReservationId ?? Guid.NewGuid(),
                Tenant = tenant.Id,
                Images = images,
                Micros = micros,
                Price = price,
                At = _now,
                State = 'R',
                Process = _leases.Count,
                Key = key,
                Body = body,
            };
            if (answer is null)
            {
                _model.HasSlot(_now).ShouldBeFalse();
                entry.Waiting = admitting;
            }
            else
            {
                _model.HasSlot(_now).ShouldBeTrue();
                _model.Forwarded(entry, answer.ShouldBeOfType<Admission.Admitted>().At);
            }
            _model.Entries.Add(entry);
        }
    }

    private static Type Repetition(LedgerModel.Entry holder, int body) =>
        holder.Body != body ? typeof(Admission.Mismatch)
        : holder.State is 'R' or 'F' ? typeof(Admission.InProgress)
        : typeof(Admission.Replayed);

    private async Task ReconcileAsync(LedgerModel.Entry entry, Step step)
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
            LedgerModel.Release(entry);
    }

    private async Task RestartAsync(bool clean)
    {
        await (clean ? harness.StopAsync(_ledger) : harness.CrashAsync(_ledger));
        foreach (var waiting in _model.Entries.Where(e => e.Waiting is not null))
        {
            if (clean)
                (await waiting.Waiting!).ShouldBeOfType<Admission.Saturated>();
            if (clean)
                LedgerModel.Release(waiting);
            waiting.Waiting = null;
        }
        _leases.Add(clean ? _now : DateTimeOffset.MaxValue);
        _trusted = null;
        await StartAsync();
        await ReadClockAsync();
        _model.Sweep(_now, IsOrphan);
    }

    /// <summary>
    /// On SQLite every earlier process is known to have ended. On PostgreSQL only a clean stop ends the lease, which
    /// never expires here.
    /// </summary>
    private bool IsOrphan(LedgerModel.Entry entry) => entry.Process < _leases.Count && (!harness.IsShared || _leases[entry.Process] < _now);

    private async Task StartAsync() => _ledger = await harness.StartAsync(Options);

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
            if (await entry.Waiting! is Admission.Admitted admitted)
            {
                entry.Id = admitted.ReservationId;
                _model.Forwarded(entry, admitted.At);
            }
            else
            {
                LedgerModel.Release(entry);
            }
        }
        if (left > 0 && !_refuses)
            _model.HasSlot(_now).ShouldBeFalse("a slot is free while a request waits");
        _model.Entries.Count(e => e.Runs(_now)).ShouldBeLessThanOrEqualTo(Options.ConcurrentGenerations);
        _model.Entries.Count(e => e.ForwardedAt > _now.AddSeconds(-60)).ShouldBeLessThanOrEqualTo(Options.GenerationsPerMinute);
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

    private void ChangeLimits(Step step)
    {
        var random = new Random(step.Amount);
        long? Some(int most) => random.Next(3) == 0 ? null : random.Next(most);
        harness.Organization = new QuotaLimits(ImagesPerDay: Some(80), ImagesPerMonth: Some(200), MicrosPerMonth: Some(1_500_000));
        ref var tenant = ref _tenants[step.Which % _tenants.Length];
        tenant = Tenant(tenant.Id, new QuotaLimits(Some(8), Some(6), Some(40), Some(100), Some(800_000)));
    }
}
