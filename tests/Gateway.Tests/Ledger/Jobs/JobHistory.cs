using System.Collections.Concurrent;
using Gateway.Ledger;
using Gateway.Ledger.Rules;
using Gateway.Ledger.Writer;
using Gateway.Tenants;
using Gateway.Tests.Harness;
using static Gateway.Tests.Harness.LedgerHarness;

namespace Gateway.Tests.Ledger.Jobs;

/// <summary>
/// One random history of jobs. When the ledger sends them is its own business; that each is sent at most once at a
/// time, and what is held and spent, is compared with a model.
/// </summary>
internal sealed class JobHistory(LedgerHarness harness)
{
    private const int Limit = 40;

    private static readonly QuotaOptions Options = new()
    {
        RepeatWindow = TimeSpan.Zero,
        ConcurrentGenerations = 4,
        GenerationTimeLimit = TimeSpan.FromDays(1),
        JobMaxAge = TimeSpan.FromDays(9),
    };

    private readonly Tenant _team = Tenant("a", new QuotaLimits(ImagesPerMonth: Limit, ConcurrentGenerations: 3, JobsQueued: 6));
    private readonly ConcurrentQueue<ClaimedJob> _claimed = new();
    private readonly Dictionary<Guid, ModelJob> _jobs = [];
    private readonly HashSet<Guid> _sent = [];
    private QuotaLedger _ledger = null!;
    private int _generation;

    public async Task RunAsync(IEnumerable<(int Kind, int Which)> steps)
    {
        harness.Options = Options;
        await StartAsync();
        foreach (var (kind, which) in steps)
        {
            await SeeClaimsAsync();
            await TakeAsync(kind, which);
            await CompareAsync();
        }
        (await harness.AuditAsync()).ShouldBeEmpty();
    }

    private Task TakeAsync(int kind, int which) =>
        kind switch
        {
            < 30 => QueueAsync(1 + which % 4),
            < 38 => CancelAsync(which),
            < 52 => EndAsync(which, "done", job => _ledger.SettleAsync(job.Reservation, Cost($"g{++_generation}"))),
            < 60 => EndAsync(
                which,
                "queued",
                job => _ledger.ReleaseAsync(job.Reservation, new Outcome("upstream-credentials", 502, "No."))
            ),
            < 66 => EndAsync(which, "refused", job => _ledger.ReleaseAsync(job.Reservation, Refused)),
            < 72 => EndAsync(which, "unknown", job => _ledger.UnknownAsync(job.Reservation, Unclear)),
            < 78 => ReconcileAsync(which, "queued", new ReconciliationResult.Absent(Unclear, "absent")),
            < 82 => ReconcileAsync(which, "done", new ReconciliationResult.Found(Cost($"f{++_generation}"), "found")),
            < 86 => CrashAsync(),
            _ => harness.AdvanceAsync(TimeSpan.FromSeconds(1 << (which % 7))),
        };

    private async Task StartAsync()
    {
        _ledger = await harness.StartAsync(Options);
        _ledger.Jobs.SendBy(new JobDispatch(id => id == _team.Id ? _team : null, _ => false, _claimed.Enqueue));
    }

    private async Task QueueAsync(int images)
    {
        var request = Request(_team, images) with
        {
            Job = new JobRequest(Guid.CreateVersion7(harness.Time.GetUtcNow()), SeedDrawn: true),
            Body = """{"parameters":{"seed":4294967295}}"""u8.ToArray(),
        };
        var admission = await _ledger.AdmitAsync(request, CancellationToken.None);
        if (Taken + images > Limit)
            admission.ShouldBeOfType<Admission.Exceeded>().Policies().ShouldContain("images-month");
        else if (admission is Admission.Queued queued)
            _jobs.Add(queued.JobId, new ModelJob(images));
        else
            // As many as may be are queued: some of these may just have been sent.
            admission.ShouldBeOfType<Admission.Exceeded>().Policies().ShouldBe(["jobs-queued"]);
    }

    private async Task CancelAsync(int which)
    {
        if (Pick("queued", which) is not { } id)
            return;
        var reservation = await ReservationOfAsync(id);
        var row = (await _ledger.Jobs.CancelAsync(reservation, CancellationToken.None))!;
        if (row.State == ReservationState.Void)
            _jobs[id].State = "canceled";
        else
            // It was sent a moment before.
            row.State.ShouldBe(ReservationState.Forwarding);
    }

    private async Task EndAsync(int which, string to, Func<ModelJob, Task<RecordingResult>> end)
    {
        if (Pick("running", which) is not { } id)
            return;
        (await end(_jobs[id])).ShouldBe(RecordingResult.Durable);
        // A queued one may be sent again before the model knows that it is queued.
        _jobs[id].State = to;
    }

    private async Task ReconcileAsync(int which, string to, ReconciliationResult result)
    {
        if (Pick("unknown", which) is not { } id)
            return;
        if (await _ledger.ReconcileAsync(_jobs[id].Reservation, result))
            _jobs[id].State = to;
        else
            result.ShouldBeOfType<ReconciliationResult.Absent>("only this may be too early: the fence of a crash is not over");
    }

    /// <summary>What was being sent becomes unknown; what was queued stays queued.</summary>
    private async Task CrashAsync()
    {
        await harness.CrashAsync(_ledger);
        SeeClaims();
        await harness.AdvanceAsync(TimeSpan.FromMinutes(2));
        await StartAsync();
        await _ledger.SweepAsync();
        foreach (var job in _jobs.Values.Where(job => job.State == "running"))
            job.State = "unknown";
    }

    private async Task SeeClaimsAsync()
    {
        await _ledger.FreshAsync(_team);
        SeeClaims();
    }

    private void SeeClaims()
    {
        while (_claimed.TryDequeue(out var claimed))
        {
            var job = _jobs[claimed.Reservation.JobId!.Value];
            job.State.ShouldBe("queued");
            _sent.Add(claimed.Reservation.Id).ShouldBeTrue("sent twice");
            (job.State, job.Reservation) = ("running", claimed.Reservation.Id);
        }
    }

    private async Task CompareAsync()
    {
        var quotas = await _ledger.FreshAsync(_team);
        SeeClaims();
        var images = quotas.Quota("images-month");
        (images.Used, images.Held).ShouldBe((Sum("done"), Sum("queued", "running", "unknown")));
        _jobs.Values.Count(job => job.State == "running").ShouldBeLessThanOrEqualTo(3);
    }

    private long Taken => Sum("queued", "running", "unknown", "done");

    private long Sum(params string[] states) => _jobs.Values.Where(job => states.Contains(job.State)).Sum(job => job.Images);

    private Guid? Pick(string state, int which)
    {
        var some = _jobs.Where(pair => pair.Value.State == state).Select(pair => pair.Key).ToList();
        return some.Count == 0 ? null : some[which % some.Count];
    }

    private async Task<Guid> ReservationOfAsync(Guid job) =>
        (await new Gateway.Results.JobRepository(harness.DatabaseOf(_ledger)).FindAsync("a", job, CancellationToken.None))!.ReservationId;

    private sealed class ModelJob(int images)
    {
        public int Images => images;

        public string State { get; set; } = "queued";

        /// <summary>The last one that was sent.</summary>
        public Guid Reservation { get; set; }
    }
}
