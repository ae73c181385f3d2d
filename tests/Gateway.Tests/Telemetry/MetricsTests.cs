using Gateway.Tests.Harness;
using Leonardo.Simulator;

namespace Gateway.Tests.Telemetry;

/// <summary>The metrics, compared with what happened.</summary>
public sealed class MetricsTests
{
    private const string TwoTenants = """
        { "tenants": [
          { "id": "a", "identify": { "tokens": ["sha256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"] }, "quota": { "imagesPerDay": 9 } },
          { "id": "b", "identify": { "tokens": ["sha256:3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d"] }, "quota": { "usdPerMonth": 2.5 } } ] }
        """;

    [Fact]
    public async Task Metrics_usage_and_the_invoice_have_the_same_charges()
    {
        await using var gateway = await GatewayApp.StartAsync(TwoTenants);
        string[] script = ["ok", "ok", "refuse-validation", "ok", "error-500", "ok"];
        for (var i = 0; i < script.Length; i++)
        {
            if (script[i] != "ok")
                gateway.Leonardo.ScriptNext(script[i]);
            await PostAsync(gateway, i % 2 == 0 ? "a" : "b", quantity: 1 + i % 3);
        }

        var scrape = await Scrape.OfAsync(gateway);

        var invoice = gateway.Leonardo.Invoice;
        scrape.Value("gateway_charged_images_total").ShouldBe(invoice.Sum(line => line.Quantity));
        scrape.Value("gateway_charged_microdollars_total").ShouldBe((double)(invoice.Sum(line => line.Amount) * 1_000_000));
        foreach (var tenant in (string[])["a", "b"])
        {
            var usage = await (await gateway.GetAsync("/v1/usage", ("Authorization", "Bearer " + tenant))).JsonAsync();
            scrape
                .Value("gateway_charged_images_total", $"tenant=\"{tenant}\"")
                .ShouldBe(usage["totals"]!["month"]!["images"]!.GetValue<long>());
        }
    }

    [Fact]
    public async Task Every_outcome_and_refusal_is_counted_for_its_tenant()
    {
        await using var gateway = await GatewayApp.StartAsync(TwoTenants);
        await PostAsync(gateway, "a", 1);
        gateway.Leonardo.ScriptNext("refuse-validation");
        await PostAsync(gateway, "a", 1);
        gateway.Leonardo.ScriptNext("error-500");
        await PostAsync(gateway, "a", 1);
        await PostAsync(gateway, "a", 8);
        await PostAsync(gateway, "nobody", 1);

        var scrape = await Scrape.OfAsync(gateway);

        scrape.Value("gateway_generations_total", "tenant=\"a\"", "outcome=\"settled\"").ShouldBe(1);
        scrape.Value("gateway_generations_total", "tenant=\"a\"", "outcome=\"released\"").ShouldBe(1);
        scrape.Value("gateway_generations_total", "tenant=\"a\"", "outcome=\"unknown\"").ShouldBe(1);
        scrape.Value("gateway_reservations_open", "state=\"unknown\"").ShouldBe(1);
        scrape.Value("gateway_unknown_oldest_seconds").ShouldBe(2);
        scrape.Value("gateway_refusals_total", "tenant=\"a\"", "problem=\"quota-exceeded\"").ShouldBe(1);
        scrape.Value("gateway_quota_refusals_total", "tenant=\"a\"", "policy=\"images-day\"").ShouldBe(1);
        scrape.Value("gateway_refusals_total", "tenant=\"(none)\"", "problem=\"unidentified\"").ShouldBe(1);
        scrape.Value("gateway_upstream_request_seconds_count", "outcome=\"accepted\"").ShouldBe(1);
        scrape.Value("gateway_upstream_request_seconds_count", "outcome=\"outcome-unknown\"").ShouldBe(1);
        scrape.Value("gateway_requests_total", "tenant=\"a\"", "route=\"/v2/generations\"", "status=\"429\"").ShouldBe(1);
    }

    [Fact]
    public async Task Metrics_report_quotas_slots_store_and_build()
    {
        // Longer than the time that passes here: a generation that has ended holds no slot.
        await using var gateway = await GatewayApp.StartAsync(
            TwoTenants,
            simulator: new SimulatorOptions { CreationsPerMinute = 0, JobSeconds = 60 }
        );
        await PostAsync(gateway, "a", 2);

        var scrape = await Scrape.OfAsync(gateway);

        scrape.Value("gateway_quota_used", "tenant=\"a\"", "quota=\"images-day\"").ShouldBe(2);
        scrape.Value("gateway_quota_limit", "tenant=\"a\"", "quota=\"images-day\"").ShouldBe(9);
        scrape.Value("gateway_quota_limit", "tenant=\"a\"", "quota=\"usd-month\"").ShouldBeNull("it is unlimited");
        scrape.Value("gateway_quota_limit", "tenant=\"b\"", "quota=\"usd-month\"").ShouldBe(2.5);
        scrape.Value("gateway_quota_used", "tenant=\"(organization)\"", "quota=\"org-images-month\"").ShouldBe(2);
        scrape.Value("gateway_slots_used").ShouldBe(1);
        scrape.Value("gateway_store_up").ShouldBe(1);
        scrape.Value("gateway_store_commit_seconds_count").ShouldNotBeNull().ShouldBeGreaterThan(0);
        scrape.Value("gateway_tenants").ShouldBe(2);
        scrape.Value("gateway_tenants_file_good").ShouldBe(1);
        scrape.Value("gateway_build_info").ShouldBe(1);
        scrape.Text.ShouldNotContain("cat wearing", Case.Insensitive);
        await Eventually.HoldsAsync(async () => (await Scrape.OfAsync(gateway)).Value("gateway_upstream_balance_tokens") > 0);
    }

    [Fact]
    public async Task Reads_from_Leonardo_are_counted_by_outcome()
    {
        await using var gateway = await GatewayApp.StartAsync();
        gateway.Leonardo.Script("get", "error-500", "rate-limit-429", "404");
        var made = await (await gateway.PostAsync(GatewayApp.Guide)).JsonAsync();
        var path = "/v1/generations/" + made["generate"]!["generationId"]!.GetValue<string>();
        await gateway.PassAsync(async () =>
            (await (await gateway.GetAsync(path)).JsonAsync())["generations_by_pk"]!["status"]!.GetValue<string>() == "COMPLETE"
        );

        var scrape = await Scrape.OfAsync(gateway);

        foreach (var outcome in (string[])["unclear", "refused", "missing", "found"])
            scrape.Value("gateway_upstream_call_seconds_count", "operation=\"read\"", $"outcome=\"{outcome}\"").ShouldBe(1, outcome);
    }

    [Fact]
    public async Task The_counters_of_every_tenant_start_at_zero()
    {
        await using var gateway = await GatewayApp.StartAsync(TwoTenants);

        var scrape = await Scrape.OfAsync(gateway);

        foreach (var tenant in (string[])["tenant=\"a\"", "tenant=\"b\""])
        {
            scrape.Value("gateway_charged_images_total", tenant).ShouldBe(0);
            scrape.Value("gateway_charged_microdollars_total", tenant).ShouldBe(0);
            scrape.Value("gateway_generations_total", tenant, "outcome=\"unknown\"").ShouldBe(0);
        }
    }

    [Fact]
    public async Task Callers_cannot_create_labels()
    {
        await using var gateway = await GatewayApp.StartAsync();
        using var odd = new HttpRequestMessage(new HttpMethod("X-ODD-METHOD"), "/no/such/odd-path");
        await gateway.Client.SendAsync(odd, TestContext.Current.CancellationToken);
        await gateway.GetAsync("/problems/odd-problem", ("Authorization", "Bearer odd-token"), ("X-Tenant-Id", "odd-tenant"));

        (await Scrape.OfAsync(gateway)).Text.ShouldNotContain("odd-", Case.Insensitive);
    }

    private static Task<HttpResponseMessage> PostAsync(GatewayApp gateway, string token, int quantity) =>
        gateway.PostAsync(
            $$"""{"model":"flux-pro-2.0","parameters":{"prompt":"A cat wearing a hat","quantity":{{quantity}} } }""",
            headers: ("Authorization", "Bearer " + token)
        );
}
