using System.Globalization;
using Gateway.Ledger;
using Gateway.Ledger.Maintenance;
using Gateway.Ledger.Rules;
using Gateway.Leonardo;
using Gateway.Quotas;
using Gateway.Tenants;

namespace Gateway.Telemetry.Alerts;

/// <summary>
/// The conditions of deploy/prometheus/alerts.yml, as one gateway sees them. A test compares names and severities.
/// </summary>
internal sealed class AlertRules(
    QuotaLedger ledger,
    QuotaOptions options,
    TenantDirectory tenants,
    UpstreamStatus upstream,
    RecentCounts recent,
    TimeProvider time
)
{
    private static readonly TimeSpan FiveMinutes = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan TenMinutes = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan QuarterOfAnHour = TimeSpan.FromMinutes(15);

    /// <param name="store">Null: the store does not answer.</param>
    /// <returns>In the order of the rules.</returns>
    public IEnumerable<AdminAlert> Check(StoreState? store) => [.. CheckAccount(store), .. CheckLeonardo(store), .. CheckGateway(store)];

    private IEnumerable<AdminAlert> CheckAccount(StoreState? store)
    {
        yield return new AdminAlert("GatewayDown", AdminAlert.Critical, AdminAlert.Prometheus);
        yield return Critical("GatewayStoreDown", store is null ? "The store is unavailable: no generation is admitted" : null);
        yield return Critical(
            "GatewayOutcomesDelayed",
            ledger.Delayed > 0 ? $"{Count(ledger.Delayed, "outcome is", "outcomes are")} paid for but not recorded yet" : null,
            isOwn: true
        );
        yield return Critical(
            "GatewayLedgerAlarm",
            ledger.Alarms > 0 ? "The ledger contains a contradiction, found since this instance started" : null,
            isOwn: true
        );
        yield return Critical("GatewayKeyRefused", upstream.IsKeyRefused ? "Leonardo refuses the key" : null, isOwn: true);
        yield return Critical(
            "GatewayOutOfCredit",
            recent.Sum(RecentEvent.OutOfCredit, TenMinutes) > 0 ? "The Leonardo account is out of credit" : null,
            isOwn: true
        );
    }

    private IEnumerable<AdminAlert> CheckLeonardo(StoreState? store)
    {
        yield return Warning(
            "GatewayUnknownOutcomes",
            store,
            state =>
                Seconds(state.Backlog.OldestUnknown) is > 1800 and var age ? $"An outcome has been unknown for {age / 60:0} minutes" : null
        );
        yield return Warning(
            "GatewayUpstreamFailing",
            Share(
                "of the requests to Leonardo in five minutes failed",
                RecentEvent.UpstreamFailure,
                RecentEvent.UpstreamRequest,
                FiveMinutes,
                0.2
            )
        );
        yield return Warning(
            "GatewayReadsFailing",
            Share(
                "of the reads from Leonardo in five minutes failed",
                RecentEvent.UpstreamCallFailure,
                RecentEvent.UpstreamCall,
                FiveMinutes,
                0.5
            )
        );
        yield return Warning(
            "GatewayPriceDeviates",
            Models(RecentEvent.PriceDeviation) is { } models ? $"Leonardo states another cost for {models} than the computed price" : null
        );
        yield return Critical(
            "GatewayPriceImplausible",
            Models(RecentEvent.PriceImplausible) is { } implausible ? $"Leonardo states no plausible cost for {implausible}" : null,
            isOwn: true
        );
        yield return Warning(
            "GatewayStuckGenerations",
            store,
            state => state.Backlog.Stuck > 0 ? $"{Count(state.Backlog.Stuck, "generation does", "generations do")} not finish" : null
        );
        yield return Warning(
            "GatewayUpstreamSlow",
            Share(
                "of the requests to Leonardo in ten minutes took more than 20 s",
                RecentEvent.UpstreamSlow,
                RecentEvent.UpstreamRequest,
                TenMinutes,
                0.05
            )
        );
    }

    private IEnumerable<AdminAlert> CheckGateway(StoreState? store)
    {
        yield return Warning(
            "GatewaySaturated",
            store,
            state =>
                state.Backlog.Running >= options.ConcurrentGenerations && ledger.Waiting > 0
                    ? "All generation slots of the account are in use, and requests wait"
                    : null,
            isOwn: true
        );
        yield return Warning(
            "GatewayInternalErrors",
            recent.Sum(RecentEvent.InternalError, TenMinutes) > 0 ? "The gateway answered with an internal error" : null
        );
        yield return Warning(
            "GatewayTenantsFileBad",
            tenants.FileError is not null ? "The tenants file is invalid; the last valid one stays in force" : null
        );
        yield return Warning(
            "GatewayStoreSlow",
            Share(
                "of the ledger's commits in five minutes took more than 250 ms",
                RecentEvent.CommitSlow,
                RecentEvent.Commit,
                FiveMinutes,
                0.01,
                least: 10
            )
        );
        yield return Warning(
            "GatewayWatcherLate",
            store,
            state =>
                Seconds(state.Backlog.OldestDue) is > 120 and var lag
                    ? $"The status of running generations is polled {lag:0} seconds late"
                    : null
        );
        yield return Warning("GatewayOrganizationNearQuota", store, NearQuota);
        yield return Warning(
            "GatewayGuessedAdminTokens",
            recent.Sum(RecentEvent.GuessedToken, TenMinutes) > 0 ? "Invalid admin tokens are being tried" : null
        );
    }

    public double Seconds(DateTimeOffset? since) => since is { } at ? Math.Max(0, (time.GetUtcNow() - at).TotalSeconds) : 0;

    private static AdminAlert Critical(string name, string? summary, bool isOwn = false) =>
        Known(name, AdminAlert.Critical, summary, isOwn);

    /// <summary>Of what this process has counted.</summary>
    private static AdminAlert Warning(string name, string? summary) => Known(name, AdminAlert.WarningSeverity, summary, isOwn: true);

    /// <summary>Of what all instances share.</summary>
    private static AdminAlert Warning(string name, StoreState? store, Func<StoreState, string?> check, bool isOwn = false) =>
        store is null
            ? new AdminAlert(name, AdminAlert.WarningSeverity, AdminAlert.NotKnown)
            : Known(name, AdminAlert.WarningSeverity, check(store), isOwn);

    private static AdminAlert Known(string name, string severity, string? summary, bool isOwn) =>
        new(name, severity, summary is null ? AdminAlert.Quiet : AdminAlert.Firing, isOwn ? AdminAlert.Instance : AdminAlert.All, summary);

    /// <param name="least">So many must there be: one of one is no share. Prometheus waits for minutes instead.</param>
    private string? Share(string what, RecentEvent part, RecentEvent all, TimeSpan window, double most, long least = 3)
    {
        var (some, total) = (recent.Sum(part, window), recent.Sum(all, window));
        return some >= least && (double)some / total > most
            ? string.Create(CultureInfo.InvariantCulture, $"{100.0 * some / total:0.#} % ({some} of {total}) {what}")
            : null;
    }

    private string? Models(RecentEvent what)
    {
        var models = recent.SumByLabel(what, QuarterOfAnHour).Select(one => one.Label).Order(StringComparer.Ordinal).ToList();
        return models.Count > 0 ? string.Join(", ", models) : null;
    }

    private static string? NearQuota(StoreState state)
    {
        var near = state
            .Quotas.Values.SelectMany(quotas => quotas)
            .Where(quota => quota is { IsOrganization: true, Limit: > 0 } && quota.Used + quota.Held > 0.95 * quota.Limit)
            .DistinctBy(quota => quota.Name, StringComparer.Ordinal)
            .Select(quota =>
                string.Create(CultureInfo.InvariantCulture, $"{100.0 * (quota.Used + quota.Held) / quota.Limit:0} % of {quota.Name}")
            )
            .ToList();
        return near.Count > 0 ? $"The organisation has used {string.Join(" and ", near)}" : null;
    }

    private static string Count(long number, string one, string many) => $"{number} {(number == 1 ? one : many)}";
}

/// <summary>What was read from the store.</summary>
internal sealed record StoreState(LedgerBacklog Backlog, IReadOnlyDictionary<string, IReadOnlyList<QuotaStatus>> Quotas);
