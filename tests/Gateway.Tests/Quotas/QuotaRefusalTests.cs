using System.Net;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Quotas;

/// <summary>A 429 says what was asked, what is left and when it resets, and whether waiting helps at all.</summary>
public sealed class QuotaRefusalTests
{
    [Theory]
    [InlineData("\"imagesPerDay\": 4", 8, "images-day: 8 asked, 4 of 4 left, resets at 2026-11-23 00:00 UTC")]
    [InlineData("\"imagesPerDay\": 0", 1, "images-day: 1 asked, 0 of 0 left, resets at 2026-11-23 00:00 UTC")]
    [InlineData("\"imagesPerMonth\": 7", 8, "images-month: 8 asked, 7 of 7 left, resets at 2026-12-01 00:00 UTC")]
    [InlineData("\"usdPerMonth\": 0.04", 1, "usd-month: 0.0434 USD asked, 0.0400 of 0.0400 USD left, resets at 2026-12-01 00:00 UTC")]
    [InlineData("\"requestsPerMinute\": 0", 1, "requests-minute: 1 asked, 0 of 0 left")]
    [InlineData("\"concurrentGenerations\": 0", 1, "concurrent-generations: 1 asked, 0 of 0 left")]
    public async Task A_request_larger_than_a_whole_limit_is_said_never_to_be_admitted(string limit, int quantity, string words)
    {
        await using var gateway = await GatewayApp.StartAsync(GatewayApp.Tenants(WithLimits(limit)));

        var refused = await gateway.PostAsync(Request(quantity));

        var problem = await refused.ProblemAsync(429, "quota-exceeded");
        problem["neverAdmitted"]!.GetValue<bool>().ShouldBeTrue();
        problem["detail"]!.GetValue<string>().ShouldContain("can never be admitted");
        problem["detail"]!.GetValue<string>().ShouldContain(words);
        refused.Headers.RetryAfter.ShouldBeNull();
        gateway.Leonardo.Received.ShouldBeEmpty();
    }

    [Fact]
    public async Task Of_several_exceeded_quotas_each_is_described_and_one_that_can_never_admit_decides()
    {
        await using var gateway = await GatewayApp.StartAsync(
            GatewayApp.Tenants(WithLimits("\"requestsPerMinute\": 1, \"imagesPerDay\": 6, \"concurrentGenerations\": 1"))
        );
        (await gateway.PostAsync(Request(4))).StatusCode.ShouldBe(HttpStatusCode.OK);

        var later = await gateway.PostAsync(Request(3));

        (await later.ProblemAsync(429, "quota-exceeded"))["detail"]!
            .GetValue<string>()
            .ShouldContain(
                "requests-minute: 1 asked, 0 of 1 left, resets at 2026-11-22 12:01 UTC; "
                    + "images-day: 3 asked, 2 of 6 left, resets at 2026-11-23 00:00 UTC; "
                    + "concurrent-generations: 1 asked, 0 of 1 left, more when a running generation ends."
            );
        later.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromHours(12));

        var never = await gateway.PostAsync(Request(7));

        (await never.ProblemAsync(429, "quota-exceeded"))["neverAdmitted"]!.GetValue<bool>().ShouldBeTrue();
        never.Headers.RetryAfter.ShouldBeNull();
    }

    private static string WithLimits(string limits) =>
        $$"""{ "id": "team", "identify": { "networks": ["127.0.0.0/8"] }, "quota": { {{limits}} } }""";

    private static string Request(int quantity) =>
        $$"""{"model":"flux-pro-2.0","parameters":{"prompt":"A cat","quantity":{{quantity}},"width":1024,"height":1024} }""";
}
