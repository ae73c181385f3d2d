using System.Text.RegularExpressions;
using Gateway.Edge;
using Gateway.Tests.Harness;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests;

/// <summary>What must stay true of the code, whoever writes it.</summary>
public sealed partial class HouseRulesTests
{
    /// <summary>A folder may import those to its right; everything may import Edge.</summary>
    private static readonly Dictionary<string, string[]> Imports = new(StringComparer.Ordinal)
    {
        ["Edge"] = [],
        ["Storage"] = [],
        ["Tenants"] = ["Storage"],
        ["Models"] = ["Tenants"],
        ["Quotas"] = ["Tenants", "Storage"],
        ["Leonardo"] = ["Tenants", "Storage"],
        ["Generations"] = ["Models", "Quotas", "Leonardo", "Tenants", "Storage"],
        ["Telemetry"] = ["Generations", "Models", "Quotas", "Leonardo", "Tenants", "Storage"],
        ["Admin"] = ["Telemetry", "Generations", "Models", "Quotas", "Leonardo", "Tenants", "Storage"],
        ["OpenApi"] = ["Admin", "Generations", "Models", "Quotas", "Leonardo", "Tenants", "Storage"],
    };

    [Fact]
    public void Imports_run_one_way()
    {
        var root = Repository.Path("src", "Gateway");
        foreach (var file in Repository.Sources("src/Gateway"))
        {
            var folder = Path.GetRelativePath(root, file).Split('/')[0];
            if (!Imports.TryGetValue(folder, out var allowed))
                continue;
            foreach (Match import in ImportOfOurs().Matches(File.ReadAllText(file)))
            {
                var imported = import.Groups["name"].Value;
                if (imported != folder && imported != "Edge")
                    allowed.ShouldContain(imported, $"{Path.GetRelativePath(root, file)} imports {imported}");
            }
        }
    }

    [Fact]
    public void The_simulator_imports_nothing_of_the_gateway()
    {
        foreach (var file in Repository.Sources("src/Leonardo.Simulator"))
            File.ReadAllText(file).ShouldNotContain("using Gateway", Case.Sensitive, file);
    }

    [Fact]
    public void A_file_is_one_story_of_at_most_300_lines()
    {
        foreach (var file in Repository.Sources("src").Concat(Repository.Sources("tests")))
            File.ReadLines(file).Count().ShouldBeLessThanOrEqualTo(300, file);
    }

    [Fact]
    public void A_class_is_sealed_unless_something_derives_from_it()
    {
        var types = typeof(Program)
            .Assembly.GetTypes()
            .Where(type => type.IsClass && type.Namespace?.StartsWith("Gateway", StringComparison.Ordinal) == true)
            .ToArray();
        foreach (
            var type in types.Where(type =>
                type is { IsSealed: false, IsAbstract: false } && !type.Name.Contains('<', StringComparison.Ordinal)
            )
        )
            types.ShouldContain(other => other.BaseType == type, $"{type} is neither sealed nor a base");
    }

    [Fact]
    public void The_namespace_is_the_folder()
    {
        foreach (var file in Repository.Sources("src/Gateway"))
        {
            var folder = Path.GetDirectoryName(Path.GetRelativePath(Repository.Path("src"), file))!.Replace('/', '.');
            if (NamespaceOf().Match(File.ReadAllText(file)) is { Success: true } declared)
                declared.Groups["name"].Value.ShouldBe(folder, file);
        }
    }

    [Fact]
    public void Only_the_key_class_and_what_sets_it_up_know_the_key()
    {
        var knowing = Repository
            .Sources("src/Gateway")
            .Where(file => File.ReadAllText(file).Contains("Headers.Authorization =", StringComparison.Ordinal));
        knowing.Select(Path.GetFileName).ShouldBe(["LeonardoKey.cs"]);
    }

    [Fact]
    public void Every_client_of_a_gateway_reads_along_for_secrets()
    {
        // These talk to the simulator, which has some, or to a host that has no upstream.
        string[] others = ["Simulator/", "Harness/SimulatorProcess.cs", "Tenants/", "Generations/Reconciling/ReconcilerTests.cs"];
        var root = Repository.Path("tests", "Gateway.Tests");
        Repository
            .Sources("tests/Gateway.Tests")
            .Where(file => NewClient().IsMatch(File.ReadAllText(file)))
            .Select(file => Path.GetRelativePath(root, file))
            .Where(file => !others.Any(other => file.StartsWith(other, StringComparison.Ordinal)))
            .ShouldBe(["Harness/LeakWatch.cs"]);
    }

    /// <summary>They need an operator.</summary>
    private static readonly string[] AdminRoutes =
    [
        "/admin/audit",
        "/admin/generations",
        "/admin/generations/{reservationId}/release",
        "/admin/generations/{reservationId}/settle",
        "/admin/tenants",
        "/admin/tenants/{id}",
        "/admin/tenants/{id}/grants",
        "/admin/tenants/{id}/resume",
        "/admin/tenants/{id}/suspend",
        "/admin/upstream",
        "/admin/usage",
    ];

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
            .ShouldBe([.. AdminRoutes, "/health/live", "/health/ready", "/metrics", "/problems", "/problems/{name}", "/webhooks/leonardo"]);
    }

    [GeneratedRegex(
        @"new (HttpClient|SocketsHttpHandler|HttpClientHandler)\b|HttpClient \w+ = new\(",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant,
        1000
    )]
    private static partial Regex NewClient();

    [GeneratedRegex(
        @"^using Gateway\.(?<name>\w+)",
        RegexOptions.Multiline | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex ImportOfOurs();

    [GeneratedRegex(
        @"^namespace (?<name>[\w.]+);",
        RegexOptions.Multiline | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex NamespaceOf();
}
