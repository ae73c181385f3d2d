using System.Net;
using System.Text.Json.Nodes;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Reconciliation;

/// <summary>
/// Requests that were sent but not answered are found, released, or left to an operator; they are never sent again
/// (L6).
/// </summary>
public sealed class ReconcilerTests
{
    private const string TwoTenants = """
        { "id": "a", "identify": { "tokens": ["sha256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"] } },
        { "id": "b", "identify": { "tokens": ["sha256:3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d"] } }
        """;

    /// <summary>The digests above are the hashes of these tokens.</summary>
    private static readonly (string, string) AsA = ("authorization", "Bearer a");
    private static readonly (string, string) AsB = ("authorization", "Bearer b");

    [Theory]
    [InlineData("reset-after")]
    [InlineData("error-500-after")]
    [InlineData("half-json")]
    [InlineData("bad-id")]
    public async Task A_generation_whose_answer_was_lost_is_found_charged_and_gets_its_owner(string fault)
    {
        await using var gateway = await GatewayApp.StartAsync();
        gateway.Leonardo.ScriptNext(fault);
        await (await gateway.PostAsync(GatewayApp.Guide, headers: ("Idempotency-Key", "once"))).ProblemAsync(502, "outcome-unknown");
        (await UsageAsync(gateway)).ShouldBe((0, 1));

        await PassAsync(gateway, TimeSpan.FromSeconds(6), async () => await UsageAsync(gateway) == (1, 0));

        var replay = await gateway.PostAsync(GatewayApp.Guide, headers: ("Idempotency-Key", "once"));
        replay.StatusCode.ShouldBe(HttpStatusCode.OK);
        replay.Headers.GetValues("Idempotency-Replayed").ShouldBe(["true"]);
        var id = (await replay.JsonAsync())["generate"]!["generationId"]!.GetValue<string>();
        id.ShouldBe(gateway.Leonardo.Invoice.ShouldHaveSingleItem().GenerationId);
        await PassAsync(gateway, TimeSpan.FromSeconds(10), async () => await StatusAsync(gateway, id) == "COMPLETE");
    }

    [Fact]
    public async Task A_generation_with_an_enhanced_prompt_is_found_by_its_seed()
    {
        await using var gateway = await GatewayApp.StartAsync();
        gateway.Leonardo.ScriptNext("fin-after");
        await gateway.PostAsync("""{"model":"flux-pro-2.0","parameters":{"prompt":"A cat","prompt_enhance":"ON"}}""");
        await PassAsync(gateway, TimeSpan.FromSeconds(6), async () => await UsageAsync(gateway) == (1, 0));
    }

    [Fact]
    public async Task A_request_that_never_arrived_is_released_after_AbsentAfter_and_not_before()
    {
        await using var gateway = await GatewayApp.StartAsync();
        gateway.Leonardo.ScriptNext("reset-before");
        await (await gateway.PostAsync(GatewayApp.Guide, headers: ("Idempotency-Key", "once"))).ProblemAsync(502, "outcome-unknown");

        var asked = Listed(gateway);
        for (var seconds = 0; seconds < 110; seconds += 5)
            await TickAsync(gateway, TimeSpan.FromSeconds(5));
        await Eventually.HoldsAsync(() => Listed(gateway) > asked + 2);
        (await UsageAsync(gateway)).ShouldBe((0, 1));

        await PassAsync(gateway, TimeSpan.FromMinutes(2), async () => await UsageAsync(gateway) == (0, 0));
        gateway.Leonardo.Received.Count(request => request.Method == "POST").ShouldBe(1);

        var again = await gateway.PostAsync(GatewayApp.Guide, headers: ("Idempotency-Key", "once"));
        again.StatusCode.ShouldBe(HttpStatusCode.OK, "its key is free: the repetition is a new request");
        again.Headers.Contains("Idempotency-Replayed").ShouldBeFalse();
        gateway.Leonardo.Invoice.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_request_that_never_arrived_is_released_even_if_the_list_is_long()
    {
        await using var gateway = await GatewayApp.StartAsync(simulator: new() { CreationsPerMinute = 0, JobSeconds = 0 });
        gateway.Leonardo.ScriptNext("reset-before");
        await gateway.PostAsync(GatewayApp.Guide);
        using var others = new HttpClient { DefaultRequestHeaders = { { "authorization", "Bearer " + gateway.Leonardo.Key } } };
        var create = new Uri(gateway.Leonardo.BaseUrl.AbsoluteUri.TrimEnd('/') + "/v2/generations");
        await Parallel.ForEachAsync(
            Enumerable.Range(0, 1600),
            TestContext.Current.CancellationToken,
            async (_, token) =>
            {
                using var body = new StringContent(GatewayApp.Guide, null, "application/json");
                (await others.PostAsync(create, body, token)).EnsureSuccessStatusCode();
            }
        );

        await PassAsync(gateway, TimeSpan.FromMinutes(5), async () => await UsageAsync(gateway) == (0, 0));

        gateway.Leonardo.Invoice.Count.ShouldBe(1600);
    }

    [Theory]
    [InlineData("list", "error-500")]
    [InlineData("list", "garbage")]
    [InlineData("me", "bad-key-401")]
    public async Task A_list_that_cannot_be_read_proves_nothing(string target, string fault)
    {
        await using var gateway = await GatewayApp.StartAsync();
        gateway.Leonardo.ScriptNext("reset-before");
        gateway.Leonardo.Script(target, [.. Enumerable.Repeat(fault, 1000)]);
        await gateway.PostAsync(GatewayApp.Guide);
        for (var minutes = 0; minutes < 10; minutes++)
            await TickAsync(gateway, TimeSpan.FromMinutes(1));
        (await UsageAsync(gateway)).ShouldBe((0, 1));
    }

    [Fact]
    public async Task Two_equal_requests_of_one_tenant_each_get_one_generation()
    {
        await using var gateway = await GatewayApp.StartAsync(settings: ("Quotas:RepeatWindow", "00:00:00"));
        gateway.Leonardo.ScriptNext("reset-after", "reset-after");
        const string Body = """{"model":"flux-pro-2.0","parameters":{"prompt":"A cat","seed":7}}""";
        await gateway.PostAsync(Body);
        await gateway.PostAsync(Body);
        await PassAsync(gateway, TimeSpan.FromMinutes(2), async () => await UsageAsync(gateway) == (2, 0));
        (await ListAsync(gateway)).ShouldBe(gateway.Leonardo.Invoice.Select(line => line.GenerationId), ignoreOrder: true);
    }

    [Fact]
    public async Task Equal_requests_of_two_tenants_get_no_generation_automatically()
    {
        await using var gateway = await GatewayApp.StartAsync(GatewayApp.Tenants(TwoTenants));
        gateway.Leonardo.ScriptNext("reset-after", "reset-after");
        const string Body = """{"model":"flux-pro-2.0","parameters":{"prompt":"A cat","seed":7}}""";
        await (await gateway.PostAsync(Body, headers: AsA)).ProblemAsync(502, "outcome-unknown");
        await (await gateway.PostAsync(Body, headers: AsB)).ProblemAsync(502, "outcome-unknown");
        for (var minutes = 0; minutes < 10; minutes++)
            await TickAsync(gateway, TimeSpan.FromMinutes(1));

        foreach (var tenant in new[] { AsA, AsB })
        {
            (await UsageAsync(gateway, tenant)).ShouldBe((0, 1));
            (await ListAsync(gateway, tenant)).ShouldBeEmpty();
        }
    }

    [Fact]
    public async Task A_generation_with_an_owner_is_not_matched_again()
    {
        await using var gateway = await GatewayApp.StartAsync(GatewayApp.Tenants(TwoTenants));
        const string Body = """{"model":"flux-pro-2.0","parameters":{"prompt":"A cat","seed":7}}""";
        (await gateway.PostAsync(Body, headers: AsA)).StatusCode.ShouldBe(HttpStatusCode.OK);
        gateway.Leonardo.ScriptNext("reset-before");
        await (await gateway.PostAsync(Body, headers: AsB)).ProblemAsync(502, "outcome-unknown");

        await PassAsync(gateway, TimeSpan.FromMinutes(4), async () => await UsageAsync(gateway, AsB) == (0, 0));
        (await ListAsync(gateway, AsB)).ShouldBeEmpty();
        (await UsageAsync(gateway, AsA)).ShouldBe((1, 0));
    }

    /// <summary>Advances the clock second by second, so that everything due in between happens.</summary>
    private static async Task PassAsync(GatewayApp gateway, TimeSpan most, Func<Task<bool>> until)
    {
        for (var passed = TimeSpan.Zero; passed < most; passed += TimeSpan.FromSeconds(1))
        {
            if (await until())
                return;
            await TickAsync(gateway, TimeSpan.FromSeconds(1));
        }
        await Eventually.HoldsAsync(until);
    }

    /// <summary>Advances the clock and gives background work a moment of real time.</summary>
    private static Task TickAsync(GatewayApp gateway, TimeSpan time)
    {
        gateway.Time.Advance(time);
        return Task.Delay(20, TestContext.Current.CancellationToken);
    }

    private static int Listed(GatewayApp gateway) =>
        gateway.Leonardo.Received.Count(request => request.Path.Contains("/generations/user/", StringComparison.Ordinal));

    private static async Task<(int Used, int Held)> UsageAsync(GatewayApp gateway, params (string, string)[] headers)
    {
        var usage = await (await gateway.GetAsync("/v1/usage", headers)).JsonAsync();
        var month = usage["quotas"]!.AsArray().Single(quota => quota!["name"]!.GetValue<string>() == "images-month")!;
        return (month["used"]!.GetValue<int>(), month["held"]!.GetValue<int>());
    }

    private static async Task<string?> StatusAsync(GatewayApp gateway, string id) =>
        (await (await gateway.GetAsync("/v1/generations/" + id)).JsonAsync())["generations_by_pk"]?["status"]?.GetValue<string>();

    private static async Task<string[]> ListAsync(GatewayApp gateway, params (string, string)[] headers) =>
        [
            .. (await (await gateway.GetAsync("/v1/generations", headers)).JsonAsync())["generations"]!
                .AsArray()
                .Select(row => row!["id"]!.GetValue<string>()),
        ];
}
