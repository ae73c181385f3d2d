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
    public async Task Each_threshold_is_told_once_a_period_to_log_metric_and_webhook()
    {
        var told = new List<JsonNode>();
        await using var hook = await HookAsync(told);
        var address = hook.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        await using var gateway = await GatewayApp.StartAsync(TenImages, settings: ("Alerts:Webhook", address + "/alerts"));
        string[] Told()
        {
            lock (told)
                return [.. told.Select(alert => $"{alert["tenant"]} {alert["quota"]} {alert["percent"]}")];
        }

        await PostAsync(gateway, 4);
        await TickAsync(gateway);
        await PostAsync(gateway, 2);
        await TurnUntilAsync(gateway, () => Told().Length == 1);
        Told().ShouldBe(["team images-day 50"]);
        await PostAsync(gateway, 4);
        await TurnUntilAsync(gateway, () => Told().Length == 3);
        Told().ShouldBe(["team images-day 50", "team images-day 80", "team images-day 95"]);

        // A restart on the same store: the store remembers. The same tables are asked by other replicas.
        for (var i = 0; i < 3; i++)
            await TickAsync(gateway);
        Told().Length.ShouldBe(3);
        (await Scrape.OfAsync(gateway)).Value("gateway_quota_alerts_total", "tenant=\"team\"").ShouldBe(3);

        // Another day, another alert.
        gateway.Time.Advance(TimeSpan.FromDays(1));
        await PostAsync(gateway, 5);
        await TurnUntilAsync(gateway, () => Told().Length == 4);
        Told()[^1].ShouldBe("team images-day 50");
    }

    [Fact]
    public async Task Two_replicas_on_one_store_and_a_restart_tell_it_once()
    {
        await using var leonardo = await global::Leonardo.Simulator.LeonardoSimulator.StartAsync(ct: TestContext.Current.CancellationToken);
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
        // It has looked when its figures say so: they are of the same kind, and the first look comes after five
        // seconds.
        await Eventually.HoldsAsync(async () =>
            (await Scrape.OfAsync(second.Client)).Value("process_start_time_seconds")
            < TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() - 7
        );
        second.Output.ShouldNotContain("Quota alert: ");
        await second.StopAsync();
    }

    private static async Task<WebApplication> HookAsync(List<JsonNode> told)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var hook = builder.Build();
        hook.MapPost(
            "/alerts",
            async (HttpRequest request) =>
            {
                var alert = (await JsonNode.ParseAsync(request.Body))!;
                lock (told)
                    told.Add(alert);
            }
        );
        await hook.StartAsync();
        return hook;
    }

    private static Task TickAsync(GatewayApp gateway)
    {
        gateway.Time.Advance(TimeSpan.FromSeconds(5));
        return gateway.GetAsync("/v1/usage");
    }

    private static Task TurnUntilAsync(GatewayApp gateway, Func<bool> condition) =>
        Eventually.HoldsAsync(async () =>
        {
            if (condition())
                return true;
            await TickAsync(gateway);
            return condition();
        });

    private static async Task PostAsync(GatewayApp gateway, int quantity) =>
        (
            await gateway.PostAsync($$"""{"model":"flux-pro-2.0","parameters":{"prompt":"A cat","quantity":{{quantity}} } }""")
        ).EnsureSuccessStatusCode();
}
