using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gateway.Telemetry.Alerts;

/// <param name="At">When it was checked.</param>
/// <param name="Alerts">Every alert of deploy/prometheus/alerts.yml.</param>
internal sealed record AdminAlerts(DateTime At, IReadOnlyList<AdminAlert> Alerts, GatewayState Gateway);

/// <param name="Name">As in deploy/prometheus/alerts.yml and docs/runbook.md.</param>
/// <param name="Severity"><c>critical</c> or <c>warning</c>.</param>
/// <param name="State">
/// <c>firing</c>: its condition holds now; <c>quiet</c>; <c>not-known</c>: the store does not answer;
/// <c>prometheus</c>: only Prometheus can check it.
/// </param>
/// <param name="Scope"><c>all</c> instances, or <c>instance</c>: only what the answering one has seen.</param>
/// <param name="Summary">Null: it is not firing.</param>
internal sealed record AdminAlert(string Name, string Severity, string State, string Scope = AdminAlert.All, string? Summary = null)
{
    public const string Critical = "critical";
    public const string WarningSeverity = "warning";
    public const string Firing = "firing";
    public const string Quiet = "quiet";
    public const string NotKnown = "not-known";
    public const string Prometheus = "prometheus";
    public const string All = "all";
    public const string Instance = "instance";

    /// <summary>What to do, from docs/runbook.md; null: the program was deployed without its documents.</summary>
    public string? Remedy { get; init; }
}

/// <param name="StartedAt">Of the instance that answers.</param>
/// <param name="Replicas">Instances that share the store and are alive.</param>
/// <param name="Store">The engine and where it is, without credentials.</param>
/// <param name="WatcherLagSeconds">How overdue the next poll of a running generation is; 0: none is.</param>
/// <param name="JobsQueued">Jobs that wait for their turn, of all tenants.</param>
internal sealed record GatewayState(
    string Version,
    DateTime StartedAt,
    int Replicas,
    string Store,
    bool StoreUp,
    double WatcherLagSeconds,
    long JobsQueued
);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(AdminAlerts))]
internal sealed partial class AlertsJson : JsonSerializerContext;
