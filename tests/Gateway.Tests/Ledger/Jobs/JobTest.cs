using System.Collections.Concurrent;
using System.Text;
using Gateway.Edge;
using Gateway.Edge.Http;
using Gateway.Ledger;
using Gateway.Ledger.Rules;
using Gateway.Ledger.Writer;
using Gateway.Tenants;
using Gateway.Tests.Harness;
using static Gateway.Tests.Harness.LedgerHarness;

namespace Gateway.Tests.Ledger.Jobs;

/// <summary>A ledger of one engine, and the jobs that it hands out to be sent.</summary>
public abstract class JobTest : LedgerTest
{
    private protected static readonly QuotaOptions Account = new()
    {
        RepeatWindow = TimeSpan.Zero,
        GenerationTimeLimit = TimeSpan.FromHours(1),
    };

    private protected ConcurrentQueue<ClaimedJob> Claimed { get; } = new();

    private protected ConcurrentDictionary<string, Tenant> Tenants { get; } = new(StringComparer.Ordinal);

    private protected HashSet<string> Suspended { get; } = new(StringComparer.Ordinal);

    private int _generation;

    private protected const string RequestId = "request-of-a-job";

    private protected Tenant Team(QuotaLimits? limits = null) => Tenants["a"] = Tenant("a", limits);

    private protected async Task<QuotaLedger> StartAsync(QuotaOptions options)
    {
        Harness.Options = options;
        var ledger = await Harness.StartAsync(options);
        ledger.Jobs.SendBy(new JobDispatch(id => Tenants.GetValueOrDefault(id), Suspended.Contains, Claimed.Enqueue));
        return ledger;
    }

    private protected ReservationRequest Job(Tenant tenant, int images = 1, string? key = null)
    {
        Tenants[tenant.Id] = tenant;
        return Request(tenant, images, key: key, body: "job") with
        {
            Job = new JobRequest(Guid.CreateVersion7(Harness.Time.GetUtcNow()), SeedDrawn: true),
            Body = """{"parameters":{"seed":4294967295,"quantity":1}}"""u8.ToArray(),
            Origin = new RequestOrigin(User: null, RequestId),
        };
    }

    private protected async Task<Guid> QueueAsync(QuotaLedger ledger, Tenant tenant, int images = 1, string? key = null) =>
        (await ledger.AdmitAsync(Job(tenant, images, key), CancellationToken.None)).ShouldBeOfType<Admission.Queued>().JobId;

    private protected async Task<ClaimedJob> NextAsync(QuotaLedger ledger)
    {
        ClaimedJob? job = null;
        await Harness.UntilAsync(async () =>
        {
            await ledger.FreshAsync(Team(Tenants["a"].Quota));
            return Claimed.TryDequeue(out job);
        });
        return job!;
    }

    private protected async Task FinishAsync(QuotaLedger ledger, ClaimedJob job) => await FinishAsync(ledger, job.Reservation.Id);

    private protected async Task FinishAsync(QuotaLedger ledger, Guid reservation)
    {
        var generation = $"g{++_generation}";
        (await ledger.SettleAsync(reservation, Cost(generation))).ShouldBe(RecordingResult.Durable);
        await ledger.EndAsync(generation);
    }

    private protected async Task PassAsync(QuotaLedger ledger, int seconds)
    {
        for (var n = 0; n < seconds * 2; n++)
        {
            await Harness.AdvanceAsync(TimeSpan.FromSeconds(0.5));
            await ledger.FreshAsync(Team(Tenants["a"].Quota));
        }
    }

    private protected Task<List<Guid>> ReservationsAsync(QuotaLedger ledger) =>
        Harness
            .DatabaseOf(ledger)
            .ReadAsync(
                (connection, cancellationToken) =>
                    Gateway.Storage.Sql.ReadAsync(
                        Gateway.Storage.Sql.Command(connection, "select reservation_id from job"),
                        row => Gateway.Storage.Sql.GetId(row, 0),
                        cancellationToken
                    ),
                CancellationToken.None
            );

    private protected async Task<long> ColumnAsync(QuotaLedger ledger, string sql) =>
        (
            await Harness
                .DatabaseOf(ledger)
                .ReadAsync(
                    (connection, cancellationToken) =>
                        Gateway.Storage.Sql.ReadAsync(
                            Gateway.Storage.Sql.Command(connection, sql),
                            row => Gateway.Storage.Sql.GetNumber(row, 0),
                            cancellationToken
                        ),
                    CancellationToken.None
                )
        ).Single();

    private protected async Task<string?> RequestOfAsync(QuotaLedger ledger, ClaimedJob job) =>
        await new Gateway.Results.JobRepository(Harness.DatabaseOf(ledger)).FindRequestAsync(job.Reservation.Id, CancellationToken.None)
            is { } body
            ? Encoding.UTF8.GetString(body)
            : null;
}
