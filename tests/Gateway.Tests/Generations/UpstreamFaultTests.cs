using System.Net;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Generations;

/// <summary>
/// Every fault of the simulator and the answer it leads to. Whether the quota is held, released or charged is read
/// from the usage.
/// </summary>
public sealed class UpstreamFaultTests
{
    [Theory]
    [InlineData("refuse-validation", 422, "upstream-rejected", "validation")]
    [InlineData("refuse-validation-bare", 422, "upstream-rejected", "validation")]
    [InlineData("refuse-string-details", 422, "upstream-rejected", null)]
    [InlineData("refuse-in-details", 422, "upstream-rejected", null)]
    [InlineData("refuse-errors-object", 422, "upstream-rejected", null)]
    [InlineData("refuse-e1-400", 422, "upstream-rejected", null)]
    [InlineData("bad-reference", 422, "upstream-rejected", "reference")]
    [InlineData("moderation-400", 422, "upstream-rejected", "moderation")]
    [InlineData("moderation-403", 422, "upstream-rejected", "moderation")]
    [InlineData("moderation-200", 422, "upstream-rejected", "moderation")]
    [InlineData("rate-limit-429", 503, "upstream-saturated", null)]
    [InlineData("rate-limit-200", 503, "upstream-saturated", null)]
    [InlineData("queue-full", 503, "upstream-saturated", null)]
    [InlineData("out-of-credit-200", 503, "upstream-out-of-credit", null)]
    [InlineData("out-of-credit-400", 503, "upstream-out-of-credit", null)]
    [InlineData("bad-key-401", 502, "upstream-credentials", null)]
    [InlineData("forbidden-403", 502, "upstream-credentials", null)]
    [InlineData("echo-key", 422, "upstream-rejected", null)]
    public async Task A_definite_refusal_is_named_and_costs_nothing(string fault, int status, string problem, string? reason)
    {
        await using var gateway = await GatewayApp.StartAsync();
        gateway.Leonardo.ScriptNext(fault);

        var answer = await (await gateway.PostAsync(GatewayApp.Guide)).ProblemAsync(status, problem);

        if (reason is not null)
            answer["reason"]!.GetValue<string>().ShouldBe(reason);
        await ShouldBeUsed(gateway, used: 0, held: 0);
        gateway.Leonardo.Invoice.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("error-500")]
    [InlineData("error-500-after")]
    [InlineData("error-502-html")]
    [InlineData("error-408")]
    [InlineData("error-409")]
    [InlineData("inner-500")]
    [InlineData("redirect-307")]
    [InlineData("reset-before")]
    [InlineData("reset-after")]
    [InlineData("fin-after")]
    [InlineData("half-json")]
    [InlineData("garbage")]
    [InlineData("empty-200")]
    [InlineData("html-200")]
    [InlineData("huge-body")]
    [InlineData("endless-body")]
    [InlineData("bad-id")]
    [InlineData("crlf-id")]
    [InlineData("204-no-body")]
    [InlineData("gzip-body")]
    public async Task Anything_unclear_is_unknown_stays_held_and_is_never_sent_again(string fault)
    {
        await using var gateway = await GatewayApp.StartAsync();
        gateway.Leonardo.ScriptNext(fault);

        var problem = await (await gateway.PostAsync(GatewayApp.Guide)).ProblemAsync(502, "outcome-unknown");

        Guid.Parse(problem["reservationId"]!.GetValue<string>()).ShouldNotBe(Guid.Empty);
        await ShouldBeUsed(gateway, used: 0, held: 1);
        gateway.Leonardo.Received.Count(request => request.Method == "POST").ShouldBe(1);
    }

    [Theory]
    [InlineData("wrong-content-type", "0.0837")]
    [InlineData("flat-success", "0.0837")]
    [InlineData("missing-cost", "0.0837")]
    [InlineData("credits-cost", null)]
    [InlineData("credits-140", "0.0837")]
    [InlineData("zero-cost", "0.0837")]
    [InlineData("negative-cost", "0.0837")]
    [InlineData("set-cookie", "0.0837")]
    [InlineData("slow:0.2", "0.0837")]
    public async Task An_odd_success_is_a_success(string fault, string? dollars)
    {
        await using var gateway = await GatewayApp.StartAsync();
        gateway.Leonardo.ScriptNext(fault);

        var response = await gateway.PostAsync(GatewayApp.Guide);

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        var cost = (await response.JsonAsync())["generate"]!["cost"]!;
        cost["unit"]!.GetValue<string>().ShouldBe(dollars is null ? "CREDITS" : "DOLLARS");
        if (dollars is not null)
            cost["amount"]!.GetValue<string>().ShouldBe(dollars);
        response.Headers.Select(header => header.Key).ShouldNotContain("Set-Cookie");
        response.Headers.Select(header => header.Key).ShouldNotContain("Server");
        response.Headers.Select(header => header.Key).ShouldNotContain("Via");
        await ShouldBeUsed(gateway, used: 1, held: 0);
    }

    [Theory]
    [InlineData("hang", 0)]
    [InlineData("hang-after", 1)]
    public async Task Silence_is_unknown_after_the_timeout(string fault, int charged)
    {
        await using var gateway = await GatewayApp.StartAsync();
        gateway.Leonardo.ScriptNext(fault);

        var posting = gateway.PostAsync(GatewayApp.Guide);
        await Eventually.HoldsAsync(() => gateway.Leonardo.Received.Count == 1);
        gateway.Time.Advance(TimeSpan.FromSeconds(31));

        await (await posting).ProblemAsync(504, "outcome-unknown");
        gateway.Leonardo.Invoice.Count.ShouldBe(charged);
        // The reconciler may already have found a generation that was made: advancing the clock woke it too.
        if (charged == 0)
            await ShouldBeUsed(gateway, used: 0, held: 1);
    }

    [Fact]
    public async Task A_redirect_is_never_followed()
    {
        await using var gateway = await GatewayApp.StartAsync();
        gateway.Leonardo.ScriptNext("redirect-307");
        await gateway.PostAsync(GatewayApp.Guide);
        gateway.Leonardo.Stats.TrapHits.ShouldBe(0);
    }

    [Fact]
    public async Task A_refused_connection_sent_nothing_and_costs_nothing()
    {
        await using var gateway = await GatewayApp.StartAsync(upstream: new Uri("http://127.0.0.1:1/api/rest"));
        await (await gateway.PostAsync(GatewayApp.Guide)).ProblemAsync(502, "upstream-unreachable");
        await ShouldBeUsed(gateway, used: 0, held: 0);
    }

    [Fact]
    public async Task A_server_that_cannot_speak_TLS_is_sent_nothing()
    {
        await using var gateway = await GatewayApp.StartAsync();
        await using var other = await GatewayApp.StartAsync(upstream: new UriBuilder(gateway.Leonardo.BaseUrl) { Scheme = "https" }.Uri);
        await (await other.PostAsync(GatewayApp.Guide)).ProblemAsync(502, "upstream-unreachable");
        gateway.Leonardo.Received.ShouldBeEmpty();
        await ShouldBeUsed(other, used: 0, held: 0);
    }

    [Fact]
    public async Task What_goes_up_is_a_fixed_list_of_headers_whatever_the_caller_sends()
    {
        await using var gateway = await GatewayApp.StartAsync();
        await gateway.PostAsync(
            GatewayApp.Guide,
            "/v2/generations?quantity=8",
            ("cookie", "a=b"),
            ("x-api-key", "k"),
            ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
            ("forwarded", "for=10.0.0.1"),
            ("connection", "authorization"),
            ("expect", "100-continue"),
            ("x-http-method-override", "DELETE"),
            ("referer", "http://intranet/secret")
        );
        var sent = gateway.Leonardo.Received.ShouldHaveSingleItem();
        sent.Headers.Select(header => header.Key.ToLowerInvariant())
            .Order(StringComparer.Ordinal)
            .ShouldBe(["accept", "authorization", "content-length", "content-type", "host", "user-agent"]);
        sent.QueryString.ShouldBeEmpty();
        sent.Path.ShouldBe("/api/rest/v2/generations");
    }

    [Fact]
    public async Task A_caller_that_disconnects_does_not_abort_what_was_sent()
    {
        await using var gateway = await GatewayApp.StartAsync();
        gateway.Leonardo.ScriptNext("slow:0.3");
        using (var hangsUp = new CancellationTokenSource())
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v2/generations")
            {
                Content = new StringContent(GatewayApp.Guide, new System.Net.Http.Headers.MediaTypeHeaderValue("application/json")),
            };
            var posting = gateway.Client.SendAsync(request, hangsUp.Token);
            await Eventually.HoldsAsync(() => gateway.Leonardo.Received.Count == 1);
            await hangsUp.CancelAsync();
            await Should.ThrowAsync<OperationCanceledException>(() => posting);
        }
        await Eventually.HoldsAsync(async () => (await UsedAsync(gateway)) == (1, 0));
        gateway.Leonardo.Invoice.ShouldHaveSingleItem();
    }

    [Theory]
    [InlineData(null)]
    [InlineData("wait=1")]
    public async Task A_generation_that_belongs_to_another_request_is_given_to_no_one(string? prefer)
    {
        await using var gateway = await GatewayApp.StartAsync(TwoTenants.Tenants);
        var theirs = await gateway.BeginAsync(TwoTenants.AsB);
        (string, string)[] headers = [TwoTenants.AsA, ("Idempotency-Key", "k"), ("Prefer", prefer ?? "return=representation")];
        gateway.Leonardo.ScriptNext("duplicate-id");

        var answer = await gateway.PostAsync(GatewayApp.Guide, headers: headers);
        var again = await gateway.PostAsync(GatewayApp.Guide, headers: headers);

        foreach (var response in (HttpResponseMessage[])[answer, again])
        {
            (await response.ProblemAsync(502, "outcome-unknown")).ToJsonString().ShouldNotContain(theirs);
            response.Headers.Location.ShouldBeNull();
        }
        (await gateway.GetAsync("/v1/generations/" + theirs, TwoTenants.AsA)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await gateway.SeeAsync(theirs, TwoTenants.AsB))["id"]!.GetValue<string>().ShouldBe(theirs);
    }

    private static async Task ShouldBeUsed(GatewayApp gateway, long used, long held) => (await UsedAsync(gateway)).ShouldBe((used, held));

    private static async Task<(long Used, long Held)> UsedAsync(GatewayApp gateway)
    {
        var usage = await (await gateway.GetAsync("/v1/usage")).JsonAsync();
        var day = usage["quotas"]!.AsArray().Single(quota => quota!["name"]!.GetValue<string>() == "images-day")!;
        return (day["used"]!.GetValue<long>(), day["held"]!.GetValue<long>());
    }
}
