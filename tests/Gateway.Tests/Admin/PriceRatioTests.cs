using System.Net;
using System.Text.Json.Nodes;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Admin;

/// <summary>Operators see the price ratios, and end one.</summary>
public sealed class PriceRatioTests
{
    private const string Reset = "/admin/models/flux-pro-2.0/price-ratio/reset";

    [Fact]
    public async Task The_upstream_shows_the_ratio_of_every_model()
    {
        await using var admin = await AdminGateway.StartAsync();
        (await RatioAsync(admin))
            .ToJsonString()
            .ShouldBe("""{"model":"flux-pro-2.0","ratio":1,"statedUsd":null,"computedUsd":null,"until":null}""");
        admin.Gateway.Leonardo.ScriptNext("cost-factor:3");

        await admin.GenerateAsync("b");

        (await RatioAsync(admin))
            .ToJsonString()
            .ShouldBe("""{"model":"flux-pro-2.0","ratio":3,"statedUsd":"0.2511","computedUsd":"0.0837","until":"2026-11-23T12:00:00Z"}""");
    }

    [Fact]
    public async Task A_reset_brings_the_computed_price_back_and_is_in_the_audit_trail()
    {
        await using var admin = await AdminGateway.StartAsync();
        admin.Gateway.Leonardo.ScriptNext("cost-factor:10");
        await admin.GenerateAsync("b");
        await (await admin.GenerateAsync("a")).ProblemAsync(429, "quota-exceeded");

        var answer = await admin.PostAsync(Reset, """{"reason":"Leonardo corrected its prices"}""");

        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await answer.JsonAsync())["ratio"]!.GetValue<decimal>().ShouldBe(1);
        (await RatioAsync(admin))["ratio"]!.GetValue<decimal>().ShouldBe(1);
        (await admin.GenerateAsync("a")).StatusCode.ShouldBe(HttpStatusCode.OK);
        var line = (await admin.JsonAsync("/admin/audit"))["lines"]!.AsArray().ShouldHaveSingleItem()!;
        line["action"]!.GetValue<string>().ShouldBe("price-ratio-reset");
        line["target"]!.GetValue<string>().ShouldBe("flux-pro-2.0");
        line["reason"]!.GetValue<string>().ShouldBe("Leonardo corrected its prices");
        line["detail"]!["ratio"]!.GetValue<decimal>().ShouldBe(10, "what was in force before");
    }

    [Fact]
    public async Task A_reset_needs_a_model_and_a_reason()
    {
        await using var admin = await AdminGateway.StartAsync();

        await (await admin.PostAsync("/admin/models/another/price-ratio/reset", """{"reason":"x"}""")).ProblemAsync(404, "not-found");
        await (await admin.PostAsync(Reset, "{}")).ProblemAsync(400, "validation");
        await (await admin.Gateway.PostAsync("""{"reason":"x"}""", Reset)).ProblemAsync(401, "unidentified");

        (await admin.JsonAsync("/admin/audit"))["lines"]!.AsArray().ShouldBeEmpty();
    }

    private static async Task<JsonNode> RatioAsync(AdminGateway admin) =>
        (await admin.JsonAsync("/admin/upstream"))["priceRatios"]!.AsArray().ShouldHaveSingleItem()!;
}
