using System.Net;
using System.Text.Json.Nodes;
using Gateway.Tests.Harness;
using Leonardo.Simulator;

namespace Gateway.Tests.Quotas;

/// <summary>What one tenant may keep open at once: images, uploads, waits and event streams (T-K8).</summary>
public sealed class TenantStreamsTests
{
    [Fact]
    public async Task Waits_and_event_streams_beyond_the_bound_are_refused_and_other_tenants_are_served()
    {
        await using var gateway = await StartAsync("2");
        var id = await gateway.BeginAsync(TwoTenants.AsA);
        var path = "/v1/generations/" + id;
        using var wait = new Held(gateway, path, ("Prefer", "wait=100"));
        using var events = new Held(gateway, path, ("Accept", "text/event-stream"));
        await HasOpenAsync(gateway, 2);

        foreach (var header in ((string, string)[])[("Prefer", "wait=10"), ("Accept", "text/event-stream")])
        {
            var refused = await gateway.GetAsync(path, TwoTenants.AsA, header);
            var problem = await refused.ProblemAsync(429, "quota-exceeded");
            problem["violated-policies"]!.ToJsonString().ShouldBe("""["concurrent-streams"]""");
            problem["detail"]!.GetValue<string>().ShouldContain("0 of 2 left");
            problem["neverAdmitted"].ShouldBeNull();
            refused.Headers.RetryAfter.ShouldNotBeNull();
        }
        // A generation that is waited for is refused before anything is reserved.
        var creations = gateway.Leonardo.Stats.Creations;
        await (await gateway.PostAsync(GatewayApp.Guide, headers: [TwoTenants.AsA, ("Prefer", "wait=10")])).ProblemAsync(
            429,
            "quota-exceeded"
        );
        gateway.Leonardo.Stats.Creations.ShouldBe(creations);
        // What does not stay open is answered.
        (await gateway.GetAsync(path, TwoTenants.AsA)).StatusCode.ShouldBe(HttpStatusCode.OK);
        // Another tenant has its own.
        var other = await gateway.BeginAsync(TwoTenants.AsB);
        using var theirs = new Held(gateway, "/v1/generations/" + other, TwoTenants.AsB, ("Prefer", "wait=100"));
        await HasOpenAsync(gateway, 1, TwoTenants.AsB);
    }

    [Fact]
    public async Task Images_and_uploads_count_too()
    {
        await using var gateway = await StartAsync("1");
        var made = await gateway.MakeAsync(TwoTenants.AsA);
        var image = $"/v1/generations/{made["id"]}/images/{made.ImageId()}";
        var upload = await gateway.UploadAsync(TwoTenants.AsA);
        var address = await gateway.SendAsync(HttpMethod.Post, "/v1/init-image", Json("""{"extension":"png"}"""), TwoTenants.AsA);
        var url = new Uri((await address.JsonAsync())["uploadInitImage"]!["url"]!.GetValue<string>()).AbsolutePath;
        using var wait = new Held(gateway, "/v1/generations/" + await gateway.BeginAsync(TwoTenants.AsA), ("Prefer", "wait=100"));
        await HasOpenAsync(gateway, 1);

        await RefusedAsync(gateway.GetAsync(image, TwoTenants.AsA));
        await RefusedAsync(gateway.GetAsync($"/v1/init-image/{upload}/image", TwoTenants.AsA));
        await RefusedAsync(gateway.SendAsync(HttpMethod.Post, "/v1/init-image", TwoTenants.Form(TwoTenants.Png, "x.png"), TwoTenants.AsA));
        await RefusedAsync(gateway.SendAsync(HttpMethod.Post, url, TwoTenants.Form(TwoTenants.Png, "x.png")));

        wait.Dispose();
        await HasOpenAsync(gateway, 0);
        (await gateway.GetAsync(image, TwoTenants.AsA)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await gateway.SendAsync(HttpMethod.Post, url, TwoTenants.Form(TwoTenants.Png, "x.png"))).StatusCode.ShouldBe(
            HttpStatusCode.NoContent
        );
        await HasOpenAsync(gateway, 0);
    }

    [Fact]
    public async Task Without_a_setting_64_streams_are_open_at_most_and_every_answer_says_so()
    {
        await using var gateway = await TwoTenants.StartAsync(new SimulatorOptions { CreationsPerMinute = 0, JobSeconds = 3600 });
        var path = "/v1/generations/" + await gateway.BeginAsync(TwoTenants.AsA);
        var held = Enumerable.Range(0, 64).Select(_ => new Held(gateway, path, ("Prefer", "wait=100"))).ToList();
        await HasOpenAsync(gateway, 64);

        await RefusedAsync(gateway.GetAsync(path, TwoTenants.AsA, ("Prefer", "wait=1")));
        var answer = await gateway.GetAsync(path, TwoTenants.AsA);
        answer
            .Headers.GetValues("RateLimit-Policy")
            .ShouldHaveSingleItem()
            .ShouldBe(
                "\"jobs-queued\";q=1000;gateway-unit=\"jobs\", \"uploads-minute\";q=30;w=60, \"reads-minute\";q=600;w=60, \"concurrent-streams\";q=64;qu=\"concurrent-requests\""
            );
        answer
            .Headers.GetValues("RateLimit")
            .ShouldHaveSingleItem()
            .ShouldBe("\"jobs-queued\";r=1000, \"uploads-minute\";r=30, \"reads-minute\";r=600, \"concurrent-streams\";r=0");
        held.ForEach(one => one.Dispose());
    }

    [Fact]
    public async Task Null_lifts_the_bound_and_zero_never_admits()
    {
        await using var gateway = await StartAsync("null", "0");
        var path = "/v1/generations/" + await gateway.BeginAsync(TwoTenants.AsA);
        var held = Enumerable.Range(0, 70).Select(_ => new Held(gateway, path, ("Prefer", "wait=100"))).ToList();
        await HasOpenAsync(gateway, 70);
        var usage = await QuotaAsync(gateway, TwoTenants.AsA);
        usage["limit"].ShouldBeNull();
        usage["remaining"].ShouldBeNull();
        held.ForEach(one => one.Dispose());

        var other = "/v1/generations/" + await gateway.BeginAsync(TwoTenants.AsB);
        var refused = await gateway.GetAsync(other, TwoTenants.AsB, ("Prefer", "wait=1"));
        (await refused.ProblemAsync(429, "quota-exceeded"))["neverAdmitted"]!.GetValue<bool>().ShouldBeTrue();
        refused.Headers.RetryAfter.ShouldBeNull();
    }

    private static Task<GatewayApp> StartAsync(string a, string b = "64") =>
        GatewayApp.StartAsync(
            TwoTenants.WithQuotas($$"""{ "concurrentStreams": {{a}} }""", $$"""{ "concurrentStreams": {{b}} }"""),
            simulator: new SimulatorOptions { CreationsPerMinute = 0, JobSeconds = 5 }
        );

    private static async Task RefusedAsync(Task<HttpResponseMessage> answer) =>
        (await (await answer).ProblemAsync(429, "quota-exceeded"))["violated-policies"]!
            .ToJsonString()
            .ShouldBe("""["concurrent-streams"]""");

    private static StringContent Json(string json) => new(json, null, "application/json");

    private static Task HasOpenAsync(GatewayApp gateway, long count, (string, string)? tenant = null) =>
        Eventually.HoldsAsync(async () => (await QuotaAsync(gateway, tenant ?? TwoTenants.AsA))["used"]!.GetValue<long>() == count);

    private static async Task<JsonNode> QuotaAsync(GatewayApp gateway, (string, string) tenant)
    {
        var usage = await (await gateway.GetAsync("/v1/usage", tenant)).JsonAsync();
        var quota = usage["quotas"]!.AsArray().Single(quota => quota!["name"]!.GetValue<string>() == "concurrent-streams")!;
        quota["unit"]!.GetValue<string>().ShouldBe("streams");
        return quota;
    }

    /// <summary>A request of tenant a that stays open until it is disposed of.</summary>
    private sealed class Held : IDisposable
    {
        private readonly CancellationTokenSource _leave = new();

        public Held(GatewayApp gateway, string path, params (string Name, string Value)[] headers)
        {
            var request = new HttpRequestMessage(HttpMethod.Get, path);
            foreach (var (name, value) in headers)
                request.Headers.TryAddWithoutValidation(name, value);
            if (request.Headers.Authorization is null)
                request.Headers.TryAddWithoutValidation(TwoTenants.AsA.Item1, TwoTenants.AsA.Item2);
            _ = SendAsync(gateway, request);
        }

        public void Dispose() => _leave.Cancel();

        private async Task SendAsync(GatewayApp gateway, HttpRequestMessage request)
        {
            try
            {
                using var answer = await gateway.Client.SendAsync(request, _leave.Token);
                await answer.Content.ReadAsByteArrayAsync(_leave.Token);
            }
            catch (OperationCanceledException)
            {
                // Disposed of.
            }
        }
    }
}
