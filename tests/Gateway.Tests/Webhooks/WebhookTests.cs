using System.Net;
using System.Text;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Webhooks;

/// <summary>A webhook makes the watcher poll at once. Its content is not trusted (T-I1 to T-I4).</summary>
public sealed class WebhookTests : IAsyncLifetime
{
    private const string Key = "callback-key-4711";
    private static readonly (string, string) Bearer = ("authorization", "Bearer " + Key);

    private GatewayApp _gateway = null!;

    public async ValueTask InitializeAsync() => _gateway = await TwoTenants.StartAsync(null, ("Leonardo:WebhookKey", Key));

    public ValueTask DisposeAsync() => _gateway.DisposeAsync();

    [Fact]
    public async Task Without_a_key_the_route_does_not_exist()
    {
        await using var gateway = await TwoTenants.StartAsync();
        await (await gateway.PostAsync(Body("x"), "/webhooks/leonardo", Bearer)).ProblemAsync(404, "not-found");
        await (await gateway.GetAsync("/webhooks/leonardo")).ProblemAsync(404, "not-found");
    }

    [Theory]
    [InlineData(null)]
    [InlineData("Bearer wrong")]
    [InlineData("Bearer ")]
    [InlineData("Basic callback-key-4711")]
    [InlineData("callback-key-4711")]
    public async Task A_webhook_with_a_wrong_key_changes_nothing(string? authorization)
    {
        var id = await _gateway.BeginAsync(TwoTenants.AsA, "[sim:job-forever]");
        (string, string)[] headers = authorization is null ? [] : [("authorization", authorization)];
        await (await _gateway.PostAsync(Body(id), "/webhooks/leonardo", headers)).ProblemAsync(401, "unidentified");
    }

    [Fact]
    public async Task A_webhook_makes_the_watcher_poll_now()
    {
        var id = await _gateway.BeginAsync(TwoTenants.AsA, "[sim:job-forever]");
        // After the first polls, so that the next one is ten seconds away.
        await _gateway.PassAsync(() => Polls(id) == 5);
        _gateway.Time.Advance(TimeSpan.FromSeconds(1));
        (await _gateway.PostAsync(Body(id), "/webhooks/leonardo", Bearer)).StatusCode.ShouldBe(HttpStatusCode.Accepted);
        await Eventually.HoldsAsync(() => Polls(id) == 6);
    }

    [Fact]
    public async Task A_webhook_that_is_replayed_causes_one_poll()
    {
        var id = await _gateway.BeginAsync(TwoTenants.AsA, "[sim:job-forever]");
        await _gateway.PassAsync(() => Polls(id) == 5);
        for (var i = 0; i < 100; i++)
        {
            (await _gateway.PostAsync(Body(id), "/webhooks/leonardo", Bearer)).StatusCode.ShouldBe(HttpStatusCode.Accepted);
            _gateway.Time.Advance(TimeSpan.FromMilliseconds(20));
        }
        await Eventually.HoldsAsync(() => Polls(id) == 6);

        // The next regular one.
        await _gateway.PassAsync(() => Polls(id) == 7);
    }

    [Fact]
    public async Task The_content_of_a_webhook_is_not_trusted()
    {
        var id = await _gateway.BeginAsync(TwoTenants.AsA, "[sim:job-forever]");
        (await _gateway.PostAsync(Body(id, "FAILED"), "/webhooks/leonardo", Bearer)).StatusCode.ShouldBe(HttpStatusCode.Accepted);
        (await _gateway.PostAsync(Body(id, "COMPLETE"), "/webhooks/leonardo", Bearer)).StatusCode.ShouldBe(HttpStatusCode.Accepted);
        await _gateway.PassAsync(() => Polls(id) > 1);
        var seen = await _gateway.SeeAsync(id, TwoTenants.AsA);
        seen["status"]!.GetValue<string>().ShouldBe("PENDING");
        seen["generated_images"]!.AsArray().ShouldBeEmpty();
    }

    [Fact]
    public async Task A_webhook_for_a_finished_or_unknown_generation_changes_nothing()
    {
        var made = await _gateway.MakeAsync(TwoTenants.AsA);
        var id = made["id"]!.GetValue<string>();
        var before = Polls(id);
        foreach (var named in new[] { id, id, Guid.NewGuid().ToString() })
            (await _gateway.PostAsync(Body(named, "FAILED"), "/webhooks/leonardo", Bearer)).StatusCode.ShouldBe(HttpStatusCode.Accepted);
        _gateway.Time.Advance(TimeSpan.FromSeconds(30));
        (await _gateway.SeeAsync(id, TwoTenants.AsA)).ToJsonString().ShouldBe(made.ToJsonString());
        Polls(id).ShouldBe(before);
    }

    [Theory]
    [InlineData("not json", 400, "malformed-request")]
    [InlineData("[]", 400, "malformed-request")]
    [InlineData("{}", 400, "malformed-request")]
    [InlineData(
        """{"type":"post_processing.complete","data":{"object":{"id":"1f1a2b3c-4d5e-6f70-8a1b-0123456789ab"}}}""",
        400,
        "malformed-request"
    )]
    [InlineData("""{"type":"image_generation.complete","data":{"object":{"id":"../../me"}}}""", 400, "malformed-request")]
    [InlineData("deep", 400, "malformed-request")]
    [InlineData("large", 413, "too-large")]
    [InlineData("larger", 413, "too-large")]
    public async Task A_malformed_webhook_is_refused(string body, int status, string problem)
    {
        body = body switch
        {
            "deep" => new string('[', 100_000),
            "large" => Body("x") + new string(' ', 256 * 1024),
            "larger" => Body("x") + new string(' ', 1024 * 1024),
            _ => body,
        };
        await (await _gateway.PostAsync(body, "/webhooks/leonardo", Bearer)).ProblemAsync(status, problem);
    }

    [Fact]
    public async Task The_key_can_be_rotated_in_its_file()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, "first\n", TestContext.Current.CancellationToken);
        await using var gateway = await TwoTenants.StartAsync(null, ("Leonardo:WebhookKeyFile", file));
        var id = await gateway.BeginAsync(TwoTenants.AsA);
        (await PostAsync("first")).ShouldBe(HttpStatusCode.Accepted);
        await File.WriteAllTextAsync(file, "second\n", TestContext.Current.CancellationToken);
        gateway.Time.Advance(TimeSpan.FromSeconds(1));
        (await PostAsync("first")).ShouldBe(HttpStatusCode.Unauthorized);
        (await PostAsync("second")).ShouldBe(HttpStatusCode.Accepted);
        File.Delete(file);

        async Task<HttpStatusCode> PostAsync(string key) =>
            (await gateway.PostAsync(Body(id), "/webhooks/leonardo", ("authorization", "Bearer " + key))).StatusCode;
    }

    private int Polls(string id) => _gateway.Leonardo.Stats.Polls.GetValueOrDefault(id);

    /// <summary>As the upstream sends it, including its secrets.</summary>
    private static string Body(string id, string status = "COMPLETE") =>
        $$$"""
            {"type":"image_generation.complete","object":"generation","timestamp":1763630000000,"api_version":"v1",
             "data":{"object":{"id":"{{{id}}}","status":"{{{status}}}","images":[{"id":"0b7c1d2e-3f40-4a51-9b62-c7d8e9f0a1b2","url":"https://evil.example/x.jpg"}],
             "apiKey":{"id":"x","key":"the-production-key","webhookCallbackApiKey":"{{{Key}}}"} } } }
            """;
}
