using Gateway.Edge;
using Gateway.Edge.Documentation;
using Gateway.Edge.Problems;
using Gateway.Ledger;
using Gateway.Leonardo;

namespace Gateway.Telemetry.Alerts;

/// <summary>The alerts that the gateway checks itself, for its console.</summary>
internal static class AlertsFeature
{
    private static readonly TimeSpan SlowCommit = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan SlowRequest = TimeSpan.FromSeconds(20);

    public static void AddAlerts(this IServiceCollection services)
    {
        services.AddSingleton<RecentCounts>();
        services.AddSingleton<AlertRules>();
        services.AddSingleton<Remedies>();
        services.AddSingleton<AlertsEndpoint>();
        services.Configure<ApiDocumentation>(Describe);
    }

    public static void CountCommit(this RecentCounts recent, Gateway.Ledger.Rules.LedgerUnitOfWork batch, TimeSpan duration)
    {
        recent.Add(RecentEvent.Commit);
        if (duration > SlowCommit)
            recent.Add(RecentEvent.CommitSlow);
        foreach (var deviation in batch.Prices.Deviations)
            recent.Add(deviation.IsPlausible ? RecentEvent.PriceDeviation : RecentEvent.PriceImplausible, deviation.Model);
    }

    public static void CountRequest(this RecentCounts recent, string outcome, TimeSpan duration)
    {
        recent.Add(RecentEvent.UpstreamRequest);
        if (outcome != "accepted" && outcome != ProblemTypes.UpstreamRejected.Name)
            recent.Add(RecentEvent.UpstreamFailure);
        if (outcome == ProblemTypes.UpstreamOutOfCredit.Name)
            recent.Add(RecentEvent.OutOfCredit);
        if (duration > SlowRequest)
            recent.Add(RecentEvent.UpstreamSlow);
    }

    public static void CountCall(this RecentCounts recent, string outcome)
    {
        recent.Add(RecentEvent.UpstreamCall);
        if (outcome is "refused" or "unclear")
            recent.Add(RecentEvent.UpstreamCallFailure);
    }

    public static void CountRefusal(this RecentCounts recent, ProblemType problem)
    {
        if (problem == ProblemTypes.Internal)
            recent.Add(RecentEvent.InternalError);
        else if (problem == ProblemTypes.TooManyAttempts)
            recent.Add(RecentEvent.GuessedToken);
    }

    public static void MapAlerts(this IEndpointRouteBuilder routes) =>
        routes
            .MapGet("/admin/alerts", routes.ServiceProvider.GetRequiredService<AlertsEndpoint>().GetAsync)
            .WithTags("Admin")
            .WithMetadata(new AllowAnonymousTenant())
            .WithOperationId("listAlerts")
            .WithSummary("List the alerts that fire now")
            .WithDescription(
                "The conditions of the shipped Prometheus rules, as the gateway that answers sees them, with their remedies; and how this gateway is."
            )
            .Produces<AdminAlerts>()
            .ProducesProblems(
                ProblemTypes.Unidentified,
                ProblemTypes.CrossSite,
                ProblemTypes.NotFound,
                ProblemTypes.TooManyAttempts,
                ProblemTypes.QuotaExceeded
            );

    private static void Describe(ApiDocumentation documentation)
    {
        documentation.Schema<AdminAlert>(
            ("severity", SchemaRules.Known(AdminAlert.Critical, AdminAlert.WarningSeverity)),
            ("state", SchemaRules.Known(AdminAlert.Firing, AdminAlert.Quiet, AdminAlert.NotKnown, AdminAlert.Prometheus)),
            ("scope", SchemaRules.Known(AdminAlert.All, AdminAlert.Instance))
        );
        documentation.Serializers.Add(AlertsJson.Default);
        documentation.Example<AdminAlerts>("alerts", Example);
    }

    private const string Example = """
        {
          "at": "2026-11-22T12:00:00Z",
          "alerts": [
            {
              "name": "GatewayTenantsFileBad", "severity": "warning", "state": "firing", "scope": "instance",
              "summary": "The tenants file is invalid; the last valid one stays in force",
              "remedy": "The log names every fault with its place; correct the file. It is read again by itself."
            }
          ],
          "gateway": {
            "version": "1.4.0", "startedAt": "2026-11-20T08:00:00Z", "replicas": 3, "store": "PostgreSQL (db.example.com/gateway)", "storeUp": true,
            "watcherLagSeconds": 0, "jobsQueued": 0
          }
        }
        """;
}
