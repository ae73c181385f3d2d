using System.Text.Json.Nodes;
using Gateway.Tests.Harness;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Gateway.Tests.Telemetry;

public sealed class QuotaAlertTests
{
    private const string TenImages =
        """{ "tenants": [ { "id": "team", "identify": { "networks": ["127.0.0.0/8"] }, "quota": { "imagesPerDay": 10 } } ] }""";

    [Fact]
    public async Task Each_threshold_raises_one_alert_per_period()
    {
        var received = new List<JsonNode>();
        await using var webhook = await StartWebhookAsync(received);
        var address = webhook.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        await using var gateway = await GatewayApp.StartAsync(TenImages, settings: ("Alerts:Webhook", address + "/alerts"));
        string[] Received()
        {
            lock (received)
                return [.. received.Select(alert => $"{alert["tenant"]} {alert["quota"]} {alert["percent"]}")];
        }

        await PostAsync(gateway, 4);
        await CheckAsync(gateway);
        await PostAsync(gateway, 2);
        await CheckUntilAsync(gateway, () => Received().Length == 1);
        Received().ShouldBe(["team images-day 50"]);
        await PostAsync(gateway, 4);
        await CheckUntilAsync(gateway, () => Received().Length == 3);
        Received().ShouldBe(["team images-day 50", "team images-day 80", "team images-day 95"]);

        // Further checks raise nothing again.
        for (var i = 0; i < 3; i++)
            await CheckAsync(gateway);
        Received().Length.ShouldBe(3);
        (await Scrape.OfAsync(gateway)).Value("gateway_quota_alerts_total", "tenant=\"team\"").ShouldBe(3);

        // A new period raises the alerts again.
        gateway.Time.Advance(TimeSpan.FromDays(1));
        await PostAsync(gateway, 5);
        await CheckUntilAsync(gateway, () => Received().Length == 4);
        Received()[^1].ShouldBe("team images-day 50");
    }

    [Fact]
    public async Task An_alert_is_not_repeated_after_a_restart()
    {
        await using var leonardo = await global::Leonardo.Simulator.LeonardoSimulator.StartAsync(
            cancellationToken: TestContext.Current.CancellationToken
        );
        using var temporary = new TemporaryFolder();
        var folder = temporary.Path;
        await File.WriteAllTextAsync(Path.Combine(folder, "tenants.json"), TenImages, TestContext.Current.CancellationToken);
        (string, string)[] settings = [("Leonardo__ApiKey", leonardo.Key), ("Leonardo__BaseUrl", leonardo.BaseUrl.AbsoluteUri)];
        await using (var first = await GatewayProcess.StartAsync(folder, settings))
        {
            using var content = new StringContent(
                """{"model":"flux-pro-2.0","parameters":{"prompt":"A cat","quantity":5}}""",
                null,
                "application/json"
            );
            (await first.Client.PostAsync("/v2/generations", content, TestContext.Current.CancellationToken)).EnsureSuccessStatusCode();
            await Eventually.HoldsAsync(() => first.Output.Contains("Quota alert: ", StringComparison.Ordinal));
            await first.StopAsync();
        }

        await using var second = await GatewayProcess.StartAsync(folder, settings);
        // Its first check is five seconds after the start.
        await Eventually.HoldsAsync(async () =>
            (await Scrape.OfAsync(second.Client)).Value("process_start_time_seconds")
            < TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() - 7
        );
        second.Output.ShouldNotContain("Quota alert: ");
        await second.StopAsync();
    }

    private static async Task<WebApplication> StartWebhookAsync(List<JsonNode> received)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var webhook = builder.Build();
        webhook.MapPost(
            "/alerts",
            async (HttpRequest request) =>
            {
                var alert = (await JsonNode.ParseAsync(request.Body))!;
                lock (received)
                    received.Add(alert);
            }
        );
        await webhook.StartAsync();
        return webhook;
    }

    private static Task CheckAsync(GatewayApp gateway)
    {
        gateway.Time.Advance(TimeSpan.FromSeconds(5));
        return gateway.GetAsync("/v1/usage");
    }

    private static Task CheckUntilAsync(GatewayApp gateway, Func<bool> condition) =>
        Eventually.HoldsAsync(async () =>
        {
            if (condition())
                return true;
            await CheckAsync(gateway);
            return condition();
        });

    private static async Task PostAsync(GatewayApp gateway, int quantity) =>
        (
            await gateway.PostAsync($$"""{"model":"flux-pro-2.0","parameters":{"prompt":"A cat","quantity":{{quantity}} } }""")
        ).EnsureSuccessStatusCode();
}
