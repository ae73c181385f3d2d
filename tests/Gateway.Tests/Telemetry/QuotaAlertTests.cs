using System.Text.Json.Nodes;
using Gateway.Edge;
using Gateway.Telemetry;
using Gateway.Tests.Harness;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
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

    [Fact]
    public async Task A_chat_that_is_unreachable_for_a_while_gets_the_alert_of_its_own_threshold_as_text()
    {
        var received = new List<JsonNode>();
        await using var webhook = await StartWebhookAsync(received, 503, 429);
        var address = webhook.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        await using var gateway = await GatewayApp.StartAsync(
            TenImages,
            settings: [("Alerts:Webhook", address + "/alerts"), ("Alerts:WebhookFormat", "Slack"), ("Alerts:Thresholds", "30")]
        );

        await PostAsync(gateway, 4);
        await CheckUntilAsync(gateway, () => Count(received) == 3);

        // The same alert, each time.
        foreach (var body in received)
            body.ToJsonString()
                .ShouldBe("""{"text":"Leonardo gateway: team has used 30 % of images-day, which resets at 2026-11-23T00:00:00Z."}""");
        for (var i = 0; i < 3; i++)
            await CheckAsync(gateway);
        Count(received).ShouldBe(3);
        (await Scrape.OfAsync(gateway)).Value("gateway_alert_webhook_failures_total").ShouldBe(0);
    }

    [Theory]
    [InlineData(2, 503, 503, 200)]
    [InlineData(1, 400, 200)]
    public async Task An_alert_is_given_up_after_the_last_attempt_or_a_final_refusal(int attempts, params int[] answers)
    {
        var received = new List<JsonNode>();
        await using var webhook = await StartWebhookAsync(received, answers);
        var address = webhook.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        await using var gateway = await GatewayApp.StartAsync(
            TenImages,
            settings: [("Alerts:Webhook", address + "/alerts"), ("Alerts:WebhookAttempts", "2"), ("Alerts:WebhookRetryDelay", "00:00:01")]
        );

        await PostAsync(gateway, 5);
        await Eventually.HoldsAsync(async () =>
        {
            await CheckAsync(gateway);
            return (await Scrape.OfAsync(gateway)).Value("gateway_alert_webhook_failures_total") == 1;
        });

        Count(received).ShouldBe(attempts);
    }

    [Theory]
    [InlineData("Alerts:Thresholds", "0,50")]
    [InlineData("Alerts:Thresholds", "50,50")]
    [InlineData("Alerts:Thresholds", "half")]
    [InlineData("Alerts:WebhookAttempts", "0")]
    [InlineData("Alerts:WebhookFormat", "Teams")]
    public void A_wrong_setting_is_named(string name, string value)
    {
        var settings = new Settings(new ConfigurationBuilder().AddInMemoryCollection([new(name, value)]).Build());

        AlertOptions.Read(settings);

        settings.Errors.ShouldHaveSingleItem().ShouldStartWith(name + ": ");
    }

    private static int Count(List<JsonNode> received)
    {
        lock (received)
            return received.Count;
    }

    /// <param name="statuses">Of its first answers; then 200.</param>
    private static async Task<WebApplication> StartWebhookAsync(List<JsonNode> received, params int[] statuses)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var webhook = builder.Build();
        webhook.MapPost(
            "/alerts",
            async (HttpContext context) =>
            {
                var alert = (await JsonNode.ParseAsync(context.Request.Body))!;
                lock (received)
                {
                    context.Response.StatusCode = received.Count < statuses.Length ? statuses[received.Count] : 200;
                    received.Add(alert);
                }
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
