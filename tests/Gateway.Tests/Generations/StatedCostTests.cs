using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Gateway.Tests.Harness;
using Gateway.Tests.Telemetry;

namespace Gateway.Tests.Generations;

/// <summary>What Leonardo states is charged; above the computed price it is reserved from then on.</summary>
public sealed class StatedCostTests
{
    private const string Deviations = "gateway_price_deviations_total";
    private const string Implausible = "gateway_price_implausible_total";

    /// <summary>2 credits: $0.0030.</summary>
    private const string Small = """{"model":"flux-pro-2.0","parameters":{"prompt":"[sim:cost-factor:10]","width":256,"height":256}}""";

    private const string OneDollar =
        """{ "tenants": [ { "id": "team", "identify": { "networks": ["127.0.0.0/8"] }, "quota": { "usdPerMonth": 1 } } ] }""";

    [Theory]
    [InlineData("ok", "0.0837", null)]
    [InlineData("cost-factor:10", "0.837", Deviations)]
    [InlineData("cost-factor:100", "8.37", Deviations)]
    [InlineData("cost-factor:0.5", "0.04185", Deviations)]
    [InlineData("cost-factor:0", "0", Deviations)]
    [InlineData("cost-factor:100.001", "0.0837", Implausible)]
    [InlineData("absurd-cost", "0.0837", Implausible)]
    [InlineData("negative-cost", "0.0837", Implausible)]
    [InlineData("credits-cost", "0.0837", Implausible)]
    [InlineData("missing-cost", "0.0837", Implausible)]
    [InlineData("flat-success", "0.0837", Implausible)]
    public async Task A_stated_cost_is_charged_and_reported(string fault, string charged, string? metric)
    {
        var log = new TestLog();
        await using var gateway = await GatewayApp.StartAsync(log: log, settings: ("Logging:Level", "Information"));
        gateway.Leonardo.ScriptNext(fault);

        (await gateway.PostAsync(GatewayApp.Guide)).StatusCode.ShouldBe(HttpStatusCode.OK);

        (await SpentAsync(gateway)).ShouldBe(decimal.Parse(charged, CultureInfo.InvariantCulture));
        var scrape = await Scrape.OfAsync(gateway);
        scrape.Value(Deviations, "model=\"flux-pro-2.0\"").ShouldBe(metric == Deviations ? 1 : 0);
        scrape.Value(Implausible, "model=\"flux-pro-2.0\"").ShouldBe(metric == Implausible ? 1 : 0);
        log.Lines.Count(line => line.Contains("Leonardo stated another cost than the computed price", StringComparison.Ordinal))
            .ShouldBe(metric == Deviations ? 1 : 0);
        log.Lines.Count(line => line.Contains("Leonardo stated no plausible cost", StringComparison.Ordinal))
            .ShouldBe(metric == Implausible ? 1 : 0);
    }

    [Fact]
    public async Task Ten_times_the_price_exceeds_a_budget_by_no_more_than_what_was_in_flight()
    {
        await using var gateway = await GatewayApp.StartAsync(OneDollar);
        (await gateway.PostAsync(Small)).StatusCode.ShouldBe(HttpStatusCode.OK, "the one in flight when the cost is first stated");

        var answers = await Task.WhenAll(Enumerable.Range(0, 60).Select(_ => gateway.PostAsync(Small)));

        // $0.03 each: 33 fit into a dollar, and the budget is never exceeded.
        answers.Count(answer => answer.StatusCode == HttpStatusCode.OK).ShouldBe(32);
        answers.Count(answer => answer.StatusCode == HttpStatusCode.TooManyRequests).ShouldBe(28);
        (await SpentAsync(gateway)).ShouldBe(0.99m);
        var quote = await (await gateway.PostAsync(Small, "/v2/generations/quote")).JsonAsync();
        quote["cost"]!["amount"]!.GetValue<string>().ShouldBe("0.0300");
        quote["allowed"]!.GetValue<bool>().ShouldBeFalse();
        quote["violatedPolicies"]!.AsArray().ShouldHaveSingleItem()!.GetValue<string>().ShouldBe("usd-month");
        var refusal = await (await gateway.PostAsync(Small)).ProblemAsync(429, "quota-exceeded");
        refusal["detail"]!.GetValue<string>().ShouldContain("usd-month: 0.0300 USD asked, 0.0100 of 1.0000 USD left");
    }

    [Fact]
    public async Task Requests_that_were_in_flight_may_exceed_the_budget_and_then_nothing_is_admitted()
    {
        await using var gateway = await GatewayApp.StartAsync(OneDollar);
        gateway.Leonardo.ScriptNext([.. Enumerable.Repeat("cost-factor:10", 60)]);

        var answers = await Task.WhenAll(Enumerable.Range(0, 60).Select(_ => gateway.PostAsync(GatewayApp.Guide)));

        // $0.0837 each: 11 fit into a dollar. The race decides how many are reserved before the first statement.
        var made = answers.Count(answer => answer.StatusCode == HttpStatusCode.OK);
        made.ShouldBeInRange(1, 11);
        var spent = await SpentAsync(gateway);
        spent.ShouldBe(made * 0.837m);
        foreach (var (body, cost) in new[] { (GatewayApp.Guide, 0.837m), (Small, 0.03m) })
        {
            var fits = spent + cost <= 1;
            (await gateway.PostAsync(body)).StatusCode.ShouldBe(fits ? HttpStatusCode.OK : HttpStatusCode.TooManyRequests);
            spent += fits ? cost : 0;
        }
        (await SpentAsync(gateway)).ShouldBe(spent);
    }

    [Fact]
    public async Task A_quote_is_back_at_the_computed_price_after_24_hours()
    {
        await using var gateway = await GatewayApp.StartAsync();
        gateway.Leonardo.ScriptNext("cost-factor:1.5");
        await gateway.PostAsync(GatewayApp.Guide);

        gateway.Time.Advance(TimeSpan.FromHours(24) - TimeSpan.FromSeconds(1));
        (await QuoteAsync(gateway.Client)).ShouldBe("0.12555");
        (await Scrape.OfAsync(gateway)).Value("gateway_price_ratio", "model=\"flux-pro-2.0\"").ShouldBe(1);
        (await QuoteAsync(gateway.Client)).ShouldBe("0.0837");
    }

    [Fact]
    public async Task A_ratio_is_shared_by_replicas_and_survives_kill_9()
    {
        Tools.NeedPostgreSql();
        await using var fleet = await GatewayCluster.CreateAsync(
            [GatewayCluster.Tenant("team")],
            replicas: 2,
            await (await PostgreSqlServer.SharedAsync()).CreateDatabaseAsync()
        );
        await fleet.StartAsync();
        using var one = ClientOf(fleet[0]);
        using var other = ClientOf(fleet[1]);
        (await QuoteAsync(other)).ShouldBe("0.0837");
        using var body = JsonContent.Create(JsonNode.Parse(Small));

        (await one.PostAsync("/v2/generations", body, TestContext.Current.CancellationToken)).StatusCode.ShouldBe(HttpStatusCode.OK);

        (await QuoteAsync(other)).ShouldBe("0.8370");
        await fleet.KillAsync(0);
        await fleet.KillAsync(1);
        await fleet.StartAsync();
        using var again = ClientOf(fleet[0]);
        (await QuoteAsync(again)).ShouldBe("0.8370");
    }

    private static HttpClient ClientOf(GatewayProcess gateway)
    {
        var client = SecretScanningHandler.CreateClient(gateway.Address);
        client.DefaultRequestHeaders.Add("X-Tenant-Id", "team");
        return client;
    }

    private static async Task<string> QuoteAsync(HttpClient client)
    {
        using var body = JsonContent.Create(JsonNode.Parse(GatewayApp.Guide));
        var answer = await client.PostAsync("/v2/generations/quote", body, TestContext.Current.CancellationToken);
        return (await answer.JsonAsync())["cost"]!["amount"]!.GetValue<string>();
    }

    private static async Task<decimal> SpentAsync(GatewayApp gateway)
    {
        var usage = await (await gateway.GetAsync("/v1/usage")).JsonAsync();
        return decimal.Parse(usage["totals"]!["month"]!["usd"]!.ToString(), CultureInfo.InvariantCulture);
    }
}
