using System.Reflection;
using Gateway.Ledger.Rules;
using Prometheus;

namespace Gateway.Telemetry;

/// <summary>
/// Every metric of <c>/metrics</c>. Labels take values from bounded sets (tenants of the file, routes, problems,
/// states), never an id or a prompt.
/// </summary>
internal sealed class GatewayMetrics(CollectorRegistry registry, MetricFactory factory)
{
    /// <summary>
    /// The label for requests without a tenant and for routes that do not exist. No tenant can have this name.
    /// </summary>
    public const string None = "(none)";

    /// <summary>The tenant label of the organisation's own quotas.</summary>
    public const string Organization = "(organization)";

    private static readonly string[] Outcomes = ["settled", "released", "unknown", "written-off"];

    /// <summary>With a registry of its own: tests run many gateways in one process.</summary>
    public GatewayMetrics()
        : this(Metrics.NewCustomRegistry()) { }

    private GatewayMetrics(CollectorRegistry registry)
        : this(registry, Metrics.WithCustomRegistry(registry))
    {
        Balance.Unpublish();
        Metrics
            .WithCustomRegistry(registry)
            .CreateGauge("gateway_build_info", "Always 1; the labels name the version and the runtime.", ["version", "runtime"])
            .WithLabels(Version, Environment.Version.ToString())
            .Set(1);
        DotNetStats.Register(registry);
    }

    public static string Version { get; } =
        typeof(GatewayMetrics).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    public CollectorRegistry Registry { get; } = registry;

    public Counter Requests { get; } =
        factory.CreateCounter("gateway_requests_total", "Requests answered.", ["tenant", "method", "route", "status"]);
    public Histogram RequestSeconds { get; } =
        factory.CreateHistogram(
            "gateway_request_duration_seconds",
            "Time from the first line of a request to the end of its answer.",
            ["route"],
            Buckets(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
        );
    public Counter Twins { get; } =
        factory.CreateCounter(
            "gateway_twins_total",
            "Requests without an Idempotency-Key that equal one admitted less than a minute before: many of them are repeats behind a proxy that hides disconnects.",
            ["tenant"]
        );
    public Counter Refusals { get; } =
        factory.CreateCounter("gateway_refusals_total", "Answers that are problems, by problem name.", ["tenant", "problem"]);
    public Counter QuotaRefusals { get; } =
        factory.CreateCounter(
            "gateway_quota_refusals_total",
            "Requests refused with quota-exceeded, once for each quota they would have exceeded.",
            ["tenant", "policy"]
        );
    public Counter Generations { get; } =
        factory.CreateCounter(
            "gateway_generations_total",
            "Reservations that reached an outcome, as recorded in the ledger: settled, released, unknown, written-off.",
            ["tenant", "outcome"]
        );
    public Counter ChargedImages { get; } =
        factory.CreateCounter("gateway_charged_images_total", "Images charged since this process started.", ["tenant"]);
    public Counter ChargedMicros { get; } =
        factory.CreateCounter(
            "gateway_charged_microdollars_total",
            "Micro-dollars charged since this process started. Whole numbers, so that sums are exact.",
            ["tenant"]
        );
    public Counter ReturnedMicros { get; } =
        factory.CreateCounter(
            "gateway_returned_microdollars_total",
            "Micro-dollars given back after they had been charged: written off, then found never made.",
            ["tenant"]
        );
    public Counter PriceDeviations { get; } =
        factory.CreateCounter(
            "gateway_price_deviations_total",
            "Generations whose stated cost was charged and is not the computed price.",
            ["model"]
        );
    public Counter PricesImplausible { get; } =
        factory.CreateCounter(
            "gateway_price_implausible_total",
            "Generations charged at the computed price, because no plausible cost in dollars was stated.",
            ["model"]
        );
    public Gauge PriceRatio { get; } =
        factory.CreateGauge(
            "gateway_price_ratio",
            "By how much new reservations of a model are raised above its computed price; 1: not at all.",
            ["model"]
        );
    public Gauge QuotaUsed { get; } =
        factory.CreateGauge("gateway_quota_used", "Settled in the current period; usd-month in dollars.", ["tenant", "quota"]);
    public Gauge QuotaHeld { get; } =
        factory.CreateGauge("gateway_quota_held", "Reserved, forwarded or unknown; usd-month in dollars.", ["tenant", "quota"]);
    public Gauge QuotaLimit { get; } =
        factory.CreateGauge(
            "gateway_quota_limit",
            "The limit of the tenants file plus the grants of the current period; absent if unlimited; usd-month in dollars.",
            ["tenant", "quota"]
        );
    public Counter QuotaAlerts { get; } =
        factory.CreateCounter(
            "gateway_quota_alerts_total",
            "Quota alerts raised by this process, once per threshold and period.",
            ["tenant", "quota", "percent"]
        );
    public Gauge OpenReservations { get; } =
        factory.CreateGauge("gateway_reservations_open", "Reservations without an outcome, all replicas together.", ["state"]);
    public Gauge UnknownAge { get; } =
        factory.CreateGauge("gateway_unknown_oldest_seconds", "Age of the oldest unknown outcome; 0 if there is none.");
    public Gauge SlotsUsed { get; } =
        factory.CreateGauge("gateway_slots_used", "Generations of the account that are running, all replicas together.");
    public Gauge SlotsLimit { get; } = factory.CreateGauge("gateway_slots_limit", "The setting Leonardo:ConcurrentGenerations.");
    public Gauge GenerationsStuck { get; } =
        factory.CreateGauge("gateway_generations_stuck", "Generations still pending past Leonardo:GenerationDeadline; they hold no slot.");
    public Gauge QueueWaiting { get; } =
        factory.CreateGauge("gateway_queue_waiting", "Requests of this process that are waiting for a slot.");
    public Gauge TenantQueueWaiting { get; } =
        factory.CreateGauge(
            "gateway_tenant_queue_waiting",
            "Requests of a tenant that are waiting for a slot, all replicas together.",
            ["tenant"]
        );
    public Gauge TenantQueuePosition { get; } =
        factory.CreateGauge(
            "gateway_tenant_queue_position",
            "Position of a tenant's oldest waiting request among those of all tenants; 0: none is waiting.",
            ["tenant"]
        );
    public Histogram QueueWaitSeconds { get; } =
        factory.CreateHistogram(
            "gateway_queue_wait_seconds",
            "From the reservation to the moment at which the request was forwarded.",
            ["tenant"],
            Buckets(0.01, 0.1, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 900, 3600)
        );
    public Histogram GenerationSeconds { get; } =
        factory.CreateHistogram(
            "gateway_generation_duration_seconds",
            "From the moment Leonardo accepted a generation to its recorded end, by how it ended: complete, failed.",
            ["status"],
            Buckets(0.5, 1, 2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600)
        );
    public Counter ImagesInterrupted { get; } =
        factory.CreateCounter(
            "gateway_images_interrupted_total",
            "Images whose delivery was cut short, because their source failed or ended before its stated length."
        );
    public Counter AlertWebhookFailures { get; } =
        factory.CreateCounter("gateway_alert_webhook_failures_total", "Quota alerts that the webhook accepted in none of its attempts.");
    public Gauge StoreUp { get; } = factory.CreateGauge("gateway_store_up", "1 if the store is available.");
    public Histogram StoreCommitSeconds { get; } =
        factory.CreateHistogram(
            "gateway_store_commit_seconds",
            "Duration of one ledger transaction, from begin to commit.",
            [],
            Buckets(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
        );
    public Gauge OutcomesDelayed { get; } =
        factory.CreateGauge("gateway_outcomes_delayed", "Outcomes that could not be written to the store yet.");
    public Counter LedgerAlarms { get; } =
        factory.CreateCounter("gateway_ledger_alarms_total", "Contradictions found in the ledger. If it is above 0, read the log.");
    public Histogram UpstreamSeconds { get; } =
        factory.CreateHistogram(
            "gateway_upstream_request_seconds",
            "Duration of one POST to Leonardo, by outcome.",
            ["outcome"],
            Buckets(0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 20, 30, 60)
        );
    public Histogram UpstreamCallSeconds { get; } =
        factory.CreateHistogram(
            "gateway_upstream_call_seconds",
            "Duration of one call to Leonardo that costs nothing (read, list, account, delete, upload, …), by outcome: found, missing, refused, unclear.",
            ["operation", "outcome"],
            Buckets(0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30)
        );
    public Gauge KeyRefused { get; } = factory.CreateGauge("gateway_upstream_key_refused", "1 if Leonardo refuses the key.");
    public Gauge Balance { get; } =
        factory.CreateGauge(
            "gateway_upstream_balance_tokens",
            "apiPaidTokens plus apiSubscriptionTokens of GET /v1/me; absent until it is known."
        );
    public Gauge WatcherLag { get; } =
        factory.CreateGauge("gateway_watcher_lag_seconds", "How overdue the next status poll of a running generation is.");
    public Gauge TenantsFileGood { get; } =
        factory.CreateGauge("gateway_tenants_file_good", "0 if the tenants file is invalid and the last valid one stays in force.");
    public Gauge Tenants { get; } = factory.CreateGauge("gateway_tenants", "Tenants in force.");
    public Gauge TenantsSuspended { get; } = factory.CreateGauge("gateway_tenants_suspended", "Tenants that an operator has suspended.");

    /// <summary>
    /// Publishes the tenant's counters at 0: a rate over a counter that appears with its first event misses that
    /// event.
    /// </summary>
    public void Declare(string tenant)
    {
        ChargedImages.WithLabels(tenant).Publish();
        ChargedMicros.WithLabels(tenant).Publish();
        foreach (var outcome in Outcomes)
            Generations.WithLabels(tenant, outcome).Publish();
    }

    /// <summary>Counts the changes of one committed ledger batch, so that each change is counted once.</summary>
    public void Count(LedgerUnitOfWork batch, TimeSpan duration)
    {
        StoreCommitSeconds.Observe(duration.TotalSeconds);
        foreach (var deviation in batch.Prices.Deviations)
            (deviation.IsPlausible ? PriceDeviations : PricesImplausible).WithLabels(deviation.Model).Inc();
        foreach (var change in batch.Events)
        {
            var row = batch.Find(change.ReservationId)!;
            if (Outcome(change.To) is { } outcome)
                Generations.WithLabels(row.Tenant, outcome).Inc();
            if (change is { From: ReservationState.Reserved, To: ReservationState.Forwarding })
                QueueWaitSeconds.WithLabels(row.Tenant).Observe((change.At - row.ReservedAt).TotalSeconds);
            var (was, isSpent) = (change.From?.IsSpent() ?? false, change.To.IsSpent());
            if (!was && isSpent)
            {
                ChargedImages.WithLabels(row.Tenant).Inc(row.Images);
                ChargedMicros.WithLabels(row.Tenant).Inc(row.Charged!.Value);
            }
            else if (was && !isSpent)
                // An outcome that was written off had been charged at its price.
                ReturnedMicros.WithLabels(row.Tenant).Inc(row.Micros);
        }
    }

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
