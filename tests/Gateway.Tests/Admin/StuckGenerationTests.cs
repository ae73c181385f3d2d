using Gateway.Tests.Harness;
using Gateway.Tests.Telemetry;

namespace Gateway.Tests.Admin;

/// <summary>A generation that never finishes: operators can see it, and it holds no slot.</summary>
public sealed class StuckGenerationTests
{
    [Fact]
    public async Task A_generation_that_never_finishes_is_listed_with_the_time_it_got_stuck()
    {
        await using var admin = await AdminGateway.StartAsync(("Leonardo:GenerationDeadline", "00:00:05"));
        var made = await (
            await admin.Gateway.PostAsync("""{"model":"flux-pro-2.0","parameters":{"prompt":"[sim:job-forever]"}}""")
        ).JsonAsync();
        await admin.GenerateAsync();
        (await admin.JsonAsync("/admin/generations?state=stuck"))["generations"]!.AsArray().ShouldBeEmpty();

        await admin.Gateway.PassAsync(async () =>
            (await admin.JsonAsync("/admin/generations?state=stuck"))["generations"]!.AsArray().Count == 1
        );

        var stuck = (await admin.JsonAsync("/admin/generations?state=stuck"))["generations"]![0]!;
        stuck["generationId"]!.GetValue<string>().ShouldBe(made["generate"]!["generationId"]!.GetValue<string>());
        stuck["state"]!.GetValue<string>().ShouldBe("settled");
        stuck["runningUntil"].ShouldBeNull("it holds no slot");
        stuck["stuckSince"]!.GetValue<DateTime>().ShouldBeLessThanOrEqualTo(admin.Gateway.Time.GetUtcNow().UtcDateTime);
        (await Scrape.OfAsync(admin.Gateway)).Value("gateway_generations_stuck").ShouldBe(1);
    }

    [Theory]
    [InlineData("tenant=%00")]
    [InlineData("tenant=")]
    [InlineData("tenant=Marketing")]
    [InlineData("state=odd")]
    public async Task An_invalid_tenant_or_state_is_refused(string query)
    {
        await using var admin = await AdminGateway.StartAsync();
        await (await admin.GetAsync("/admin/generations?" + query)).ProblemAsync(400, "validation");
    }
}
