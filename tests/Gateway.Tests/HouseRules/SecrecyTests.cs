using System.Text.RegularExpressions;
using Gateway.Edge;
using Gateway.Tests.Harness;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.HouseRules;

/// <summary>Where the key, the anonymous routes and the clients of the tests may be.</summary>
public sealed partial class SecrecyTests
{
    /// <summary>Their responses are not scanned: they come from the simulator or from an upload address.</summary>
    private static readonly string[] OtherClients =
    [
        "Simulator/",
        "Harness/SimulatorProcess.cs",
        "Reconciliation/ReconcilerTests.cs",
        "Deploy/PrometheusServer.cs",
    ];

    /// <summary>They need an operator's token instead of a tenant.</summary>
    private static readonly string[] AdminRoutes =
    [
        "/admin/alerts",
        "/admin/audit",
        "/admin/caller",
        "/admin/generations",
        "/admin/generations/{reservationId}/release",
        "/admin/generations/{reservationId}/settle",
        "/admin/models/{id}/price-ratio/reset",
        "/admin/session",
        "/admin/tenants",
        "/admin/tenants-file",
        "/admin/tenants-file/check",
        "/admin/tenants/{id}",
        "/admin/tenants/{id}/grants",
        "/admin/tenants/{id}/resume",
        "/admin/tenants/{id}/suspend",
        "/admin/upstream",
        "/admin/usage",
    ];

    [Fact]
    public void Only_the_key_class_attaches_the_key() =>
        Repository
            .Sources("src/Gateway")
            .Where(file => File.ReadAllText(file).Contains("Headers.Authorization =", StringComparison.Ordinal))
            .Select(Path.GetFileName)
            .ShouldBe(["LeonardoKey.cs"]);

    [Fact]
    public void Every_client_of_a_gateway_scans_its_responses_for_secrets()
    {
        var root = Repository.Path("tests", "Gateway.Tests");
        Repository
            .Sources("tests/Gateway.Tests")
            .Where(file => NewClient().IsMatch(File.ReadAllText(file)))
            .Select(file => Path.GetRelativePath(root, file))
            .Where(file => !OtherClients.Any(other => file.StartsWith(other, StringComparison.Ordinal)))
            .ShouldBe(["Harness/SecretScanningHandler.cs"]);
    }

    [Fact]
    public async Task The_routes_that_need_no_tenant_are_these()
    {
        await using var gateway = await GatewayApp.StartAsync(settings: ("Leonardo:WebhookKey", "callback-key-4711"));
        gateway
            .Services.GetRequiredService<EndpointDataSource>()
            .Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.Metadata.GetMetadata<AllowAnonymousTenant>() is not null)
            .Select(endpoint => endpoint.RoutePattern.RawText!)
            .Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal)
            .ShouldBe([
                .. AdminRoutes,
                "/api/rest/v1/session",
                "/docs",
                "/docs/{name}",
                "/health/live",
                "/health/ready",
                "/metrics",
                "/problems",
                "/problems/{name}",
                "/v1/session",
                "/webhooks/leonardo",
            ]);
    }

    [GeneratedRegex(
        @"new (HttpClient|SocketsHttpHandler|HttpClientHandler)\b|HttpClient \w+ = new\(",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant,
        1000
    )]
    private static partial Regex NewClient();
}
