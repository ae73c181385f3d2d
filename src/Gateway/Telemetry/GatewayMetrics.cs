using System.Reflection;
using Gateway.Ledger.Rules;
using Prometheus;

namespace Gateway.Telemetry;

/// <summary>Every figure of <c>/metrics</c>. Labels come from bounded sets: tenants of the file, routes, problems, states; never an id or a prompt.</summary>
internal sealed class GatewayMetrics
{
    /// <summary>Stands where no tenant is known, and for routes that do not exist. No tenant can be called so.</summary>
    public const string None = "(none)";

    /// <summary>Stands for the organisation among tenants.</summary>
    public const string Organization = "(organization)";

    public GatewayMetrics()
    {
        var factory = Metrics.WithCustomRegistry(Registry);
        Requests = factory.CreateCounter("gateway_requests_total", "Requests answered.", ["tenant", "method", "route", "status"]);
        RequestSeconds = factory.CreateHistogram(
            "gateway_request_duration_seconds",
            "From the first line of a request to the end of its answer.",
            ["route"],
            Buckets(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
        );
        Refusals = factory.CreateCounter("gateway_refusals_total", "Answers that are problems, by name.", ["tenant", "problem"]);
        QuotaRefusals = factory.CreateCounter(
            "gateway_quota_refusals_total",
            "Requests refused with quota-exceeded, by each quota they would have overspent.",
            ["tenant", "policy"]
        );
        Generations = factory.CreateCounter(
            "gateway_generations_total",
            "Reservations that reached an outcome, as the ledger recorded it: settled, released, unknown, written-off.",
            ["tenant", "outcome"]
        );
        ChargedImages = factory.CreateCounter("gateway_charged_images_total", "Images charged, since this process started.", ["tenant"]);
        ChargedMicros = factory.CreateCounter(
            "gateway_charged_microdollars_total",
            "Micro-dollars charged, since this process started. Whole numbers, so that sums are exact.",
            ["tenant"]
        );
        ReturnedMicros = factory.CreateCounter(
            "gateway_returned_microdollars_total",
            "Micro-dollars given back after they had been charged (written off, and found never made).",
            ["tenant"]
        );
        QuotaUsed = factory.CreateGauge("gateway_quota_used", "Settled in the running period; usd-month in dollars.", ["tenant", "quota"]);
        QuotaHeld = factory.CreateGauge("gateway_quota_held", "Reserved, forwarded or unknown; usd-month in dollars.", ["tenant", "quota"]);
        QuotaLimit = factory.CreateGauge(
            "gateway_quota_limit",
            "Limit of the file with the grants of the running period; absent where there is none; usd-month in dollars.",
            ["tenant", "quota"]
        );
        QuotaAlerts = factory.CreateCounter(
            "gateway_quota_alerts_total",
            "Quota alerts given by this process, once for each threshold and period.",
            ["tenant", "quota", "percent"]
        );
        OpenReservations = factory.CreateGauge(
            "gateway_reservations_open",
            "Reservations without an outcome, all replicas together.",
            ["state"]
        );
        UnknownAge = factory.CreateGauge("gateway_unknown_oldest_seconds", "Age of the oldest unknown outcome; 0: there is none.");
        SlotsUsed = factory.CreateGauge("gateway_slots_used", "Generations of the account that run now, all replicas together.");
        SlotsLimit = factory.CreateGauge("gateway_slots_limit", "Leonardo:ConcurrentGenerations.");
        GenerationsStuck = factory.CreateGauge(
            "gateway_generations_stuck",
            "Generations that are still pending past Leonardo:GenerationDeadline; they hold no slot."
        );
        QueueWaiting = factory.CreateGauge("gateway_queue_waiting", "Requests of this process that wait for a slot.");
        StoreUp = factory.CreateGauge("gateway_store_up", "1: the store answers.");
        StoreCommitSeconds = factory.CreateHistogram(
            "gateway_store_commit_seconds",
            "One ledger transaction, from its begin to its commit.",
            [],
            Buckets(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
        );
        OutcomesDelayed = factory.CreateGauge("gateway_outcomes_delayed", "Outcomes that could not be written to the store yet.");
        LedgerAlarms = factory.CreateCounter(
            "gateway_ledger_alarms_total",
            "Contradictions in the ledger. More than none: somebody has to read the log."
        );
        UpstreamSeconds = factory.CreateHistogram(
            "gateway_upstream_request_seconds",
            "One POST to Leonardo, by what became of it.",
            ["outcome"],
            Buckets(0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 20, 30, 60)
        );
        UpstreamCallSeconds = factory.CreateHistogram(
            "gateway_upstream_call_seconds",
            "One call to Leonardo that costs nothing (read, list, account, delete, upload, …), by what came of it: found, missing, refused, unclear.",
            ["operation", "outcome"],
            Buckets(0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30)
        );
        KeyRefused = factory.CreateGauge("gateway_upstream_key_refused", "1: Leonardo refuses the key.");
        Balance = factory.CreateGauge(
            "gateway_upstream_balance_tokens",
            "What GET /v1/me calls apiPaidTokens (with apiSubscriptionTokens); absent until it is known."
        );
        Balance.Unpublish();
        WatcherLag = factory.CreateGauge("gateway_watcher_lag_seconds", "How late the most overdue look at a running generation is.");
        TenantsFileGood = factory.CreateGauge("gateway_tenants_file_good", "0: the tenants file is bad, and an earlier one is in force.");
        Tenants = factory.CreateGauge("gateway_tenants", "Tenants in force.");
        TenantsSuspended = factory.CreateGauge("gateway_tenants_suspended", "Tenants that an operator has suspended.");
        factory
            .CreateGauge("gateway_build_info", "Always 1; the labels say what runs.", ["version", "runtime"])
            .WithLabels(Version, Environment.Version.ToString())
            .Set(1);
        DotNetStats.Register(Registry);
    }

    public static string Version { get; } =
        typeof(GatewayMetrics).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    /// <summary>Of this process's gateway alone: tests run many gateways in one process.</summary>
    public CollectorRegistry Registry { get; } = Metrics.NewCustomRegistry();

    public Counter Requests { get; }
    public Histogram RequestSeconds { get; }
    public Counter Refusals { get; }
    public Counter QuotaRefusals { get; }
    public Counter Generations { get; }
    public Counter ChargedImages { get; }
    public Counter ChargedMicros { get; }
    public Counter ReturnedMicros { get; }
    public Gauge QuotaUsed { get; }
    public Gauge QuotaHeld { get; }
    public Gauge QuotaLimit { get; }
    public Counter QuotaAlerts { get; }
    public Gauge OpenReservations { get; }
    public Gauge UnknownAge { get; }
    public Gauge SlotsUsed { get; }
    public Gauge SlotsLimit { get; }
    public Gauge GenerationsStuck { get; }
    public Gauge QueueWaiting { get; }
    public Gauge StoreUp { get; }
    public Histogram StoreCommitSeconds { get; }
    public Gauge OutcomesDelayed { get; }
    public Counter LedgerAlarms { get; }
    public Histogram UpstreamSeconds { get; }
    public Histogram UpstreamCallSeconds { get; }
    public Gauge KeyRefused { get; }
    public Gauge Balance { get; }
    public Gauge WatcherLag { get; }
    public Gauge TenantsFileGood { get; }
    public Gauge Tenants { get; }
    public Gauge TenantsSuspended { get; }

    /// <summary>Has the tenant's counters, before there is anything to count.</summary>
    public void Declare(string tenant)
    {
        ChargedImages.WithLabels(tenant).Publish();
        ChargedMicros.WithLabels(tenant).Publish();
        foreach (var outcome in Outcomes)
            Generations.WithLabels(tenant, outcome).Publish();
    }

    /// <summary>Counts what a durable batch of the ledger has changed: each change once, because it is in the batch that made it.</summary>
    public void Count(LedgerUnitOfWork state, TimeSpan took)
    {
        StoreCommitSeconds.Observe(took.TotalSeconds);
        foreach (var change in state.Events)
        {
            var row = state.Find(change.ReservationId)!;
            if (Outcome(change.To) is { } outcome)
                Generations.WithLabels(row.Tenant, outcome).Inc();
            var (was, isSpent) = (change.From?.IsSpent() ?? false, change.To.IsSpent());
            if (!was && isSpent)
            {
                ChargedImages.WithLabels(row.Tenant).Inc(row.Images);
                ChargedMicros.WithLabels(row.Tenant).Inc(row.Charged!.Value);
            }
            else if (was && !isSpent)
                // It was written off at its price.
                ReturnedMicros.WithLabels(row.Tenant).Inc(row.Micros);
        }
    }

    private static readonly string[] Outcomes = ["settled", "released", "unknown", "written-off"];

    private static string? Outcome(ReservationState state) =>
        state switch
        {
            ReservationState.Settled => "settled",
            ReservationState.Void => "released",
            ReservationState.Unknown => "unknown",
            ReservationState.WrittenOff => "written-off",
            _ => null,
        };

    private static HistogramConfiguration Buckets(params double[] buckets) => new() { Buckets = buckets };
}
