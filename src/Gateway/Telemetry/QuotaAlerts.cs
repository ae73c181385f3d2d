using System.Globalization;
using System.Net.Http.Json;
using Gateway.Ledger;
using Gateway.Ledger.PostgreSql;
using Gateway.Ledger.Rules;
using Gateway.Storage;
using Gateway.Tenants;

namespace Gateway.Telemetry;

/// <summary>Says once in each period when a quota is used to 50, 80 and 95 %: in the log, as a metric, and to a webhook if there is one. The store remembers.</summary>
/// <remarks>Remembered first, told after: a crash in between loses an alert, and never repeats one.</remarks>
internal sealed class QuotaAlerts(
    QuotaLedger ledger,
    TenantDirectory tenants,
    Database database,
    GatewayMetrics metrics,
    AlertOptions options,
    TimeProvider time,
    ILogger<QuotaAlerts> log
) : BackgroundService
{
    private static readonly int[] Thresholds = [50, 80, 95];
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan WebhookTimeout = TimeSpan.FromSeconds(5);

    private readonly HashSet<Alert> _given = [];
    private readonly HttpClient _http = new(
        new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            ActivityHeadersPropagator = null,
        }
    )
    {
        Timeout = WebhookTimeout,
    };

    public override void Dispose()
    {
        _http.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            try
            {
                await LookAsync(cancellationToken);
            }
            catch (Exception away) when (away is not OperationCanceledException)
            {
                log.LogDebug(away, "Quotas could not be looked at for alerts");
            }
        }
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        if (await ledger.QuotasAsync([.. tenants.Current.Tenants.Values], cancellationToken) is not { } quotas)
            return;
        var reached = quotas.SelectMany(one => one.Value.SelectMany(quota => Reached(one.Key, quota))).ToHashSet();
        // What belongs to another period is forgotten here; the store keeps it.
        _given.IntersectWith(reached);
        foreach (var alert in reached.Where(alert => !_given.Contains(alert)))
        {
            var isFirst = await RememberAsync(alert, cancellationToken);
            _given.Add(alert);
            if (isFirst)
                await GiveAsync(alert, cancellationToken);
        }
    }

    private static IEnumerable<Alert> Reached(string tenant, QuotaStatus quota)
    {
        // A sliding minute has no period to be told once in.
        if (quota is not { Limit: > 0, ResetsAt: { } ends, Unit: QuotaStatus.Images or QuotaStatus.Micros })
            return [];
        var whose = quota.IsOrganization ? GatewayMetrics.Organization : tenant;
        return Thresholds
            .Where(percent => (quota.Used + quota.Held) * 100m >= (decimal)quota.Limit.Value * percent)
            .Select(percent => new Alert(whose, quota.Name, Text(ends), percent));
    }

    /// <returns>Whether nobody has given it yet.</returns>
    private Task<bool> RememberAsync(Alert alert, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async (connection, transaction, cancellationToken) =>
            {
                await using var command = connection.CreateCommand();
                command.Transaction = transaction;
                command.CommandText =
                    "insert into quota_alert (tenant, quota, period, percent, at) values (@tenant, @quota, @period, @percent, @at) on conflict do nothing";
                Add("tenant", alert.Tenant);
                Add("quota", alert.Quota);
                Add("period", alert.PeriodEnds);
                Add("percent", (short)alert.Percent);
                Add("at", (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond);
                return await command.ExecuteNonQueryAsync(cancellationToken) == 1;

                void Add(string name, object value)
                {
                    var parameter = command.CreateParameter();
                    (parameter.ParameterName, parameter.Value) = (name, value);
                    command.Parameters.Add(parameter);
                }
            },
            cancellationToken
        );

    private async Task GiveAsync(Alert alert, CancellationToken cancellationToken)
    {
        log.LogWarning(
            "Quota alert: {AlertTenant} has used {Percent} % of {Quota}, which resets at {PeriodEnds}",
            alert.Tenant,
            alert.Percent,
            alert.Quota,
            alert.PeriodEnds
        );
        metrics.QuotaAlerts.WithLabels(alert.Tenant, alert.Quota, alert.Percent.ToString(CultureInfo.InvariantCulture)).Inc();
        if (options.Webhook is null)
            return;
        try
        {
            using var answer = await _http.PostAsJsonAsync(options.Webhook, alert, cancellationToken);
            answer.EnsureSuccessStatusCode();
        }
        catch (Exception fault) when (fault is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            log.LogError("The alert webhook did not take an alert ({Fault}); it is in the log above", fault.GetType().Name);
        }
    }

    private static string Text(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>As the webhook gets it, in camelCase.</summary>
    /// <param name="Tenant">Or <see cref="GatewayMetrics.Organization"/>.</param>
    private sealed record Alert(string Tenant, string Quota, string PeriodEnds, int Percent);
}
