using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Gateway.Tests.Admin;
using Gateway.Tests.Harness;

namespace Gateway.Tests.OpenApi;

/// <summary>
/// Every documented answer below 400 occurs once and matches the document: status, headers, media type and members.
/// </summary>
public sealed class AnswersTests : IAsyncLifetime
{
    private static readonly (string, string) AsB = TwoTenants.AsB;

    private AdminGateway _admin = null!;
    private OpenApiContract _contract = null!;

    private GatewayApp Gateway => _admin.Gateway;

    public async ValueTask InitializeAsync()
    {
        _admin = await AdminGateway.StartAsync();
        _contract = await OpenApiContract.ReadAsync(Gateway);
    }

    public ValueTask DisposeAsync() => _admin.DisposeAsync();

    [Theory]
    [InlineData("")]
    [InlineData("/api/rest")]
    public async Task Answers_to_a_tenant_match_the_document(string prefix)
    {
        var id = await GenerationsAsync(prefix);
        var image = await ReadingAsync(prefix, id);
        await ImageAsync($"{prefix}/v1/generations/{id}/images/{image}");
        await UploadsAsync(prefix);
        await SeeAsync(HttpMethod.Delete, $"{prefix}/v1/generations/{id}", 200);
        await JobsAsync(prefix);
        foreach (var caller in new[] { AsB, ("Accept", "*/*") })
        {
            await SeeAsync(HttpMethod.Get, prefix + "/v2/models", 200, caller);
            await SeeAsync(HttpMethod.Get, prefix + "/v1/usage", 200, caller);
        }
        await SendAsync(HttpMethod.Post, prefix + "/v1/session", null, 204, AsB);
        await SendAsync(HttpMethod.Delete, prefix + "/v1/session", null, 204, AsB);
        await SendAsync(HttpMethod.Get, prefix + "/v1/session", null, 200);
        _contract.Unobserved(operation => operation.IsAdmin ? [] : operation.Successes).ShouldBeEmpty();
    }

    [Fact]
    public async Task Answers_to_an_operator_match_the_document()
    {
        var (lost, found) = (await _admin.UnknownAsync(), await _admin.UnknownAsync("b"));
        (await _admin.GenerateAsync("b")).StatusCode.ShouldBe(HttpStatusCode.OK);
        await ChangeAsync("/admin/tenants/a/suspend", null);
        await ChangeAsync("/admin/tenants/a/resume", """{"reason":"a test"}""");
        await ChangeAsync("/admin/tenants/a/grants", """{"quota":"usdPerMonth","amount":0.25,"reason":"a test"}""");
        await LookAsync("/admin/generations");
        Gateway.Leonardo.ScriptNext("cost-factor:3");
        (await _admin.GenerateAsync("b")).StatusCode.ShouldBe(HttpStatusCode.OK);
        await LookAsync("/admin/upstream");
        await ChangeAsync("/admin/models/flux-pro-2.0/price-ratio/reset", """{"reason":"a test"}""");
        await ChangeAsync($"/admin/generations/{lost}/release", """{"reason":"a test"}""");
        await ChangeAsync($"/admin/generations/{found}/settle", $$"""{"reason":"a test","generationId":"{{Guid.NewGuid()}}"}""");
        await LookAsync("/admin/generations?limit=1");
        await LookAsync("/admin/tenants");
        await LookAsync("/admin/tenants/a");
        await LookAsync("/admin/audit?limit=3");
        await LookAsync("/admin/alerts");
        await LookAsync("/admin/tenants-file");
        await ChangeAsync("/admin/tenants-file/check", """{"file":"{}"}""");
        await ChangeAsync("/admin/caller", """{"address":"127.0.0.1"}""");
        foreach (var by in new[] { "tenant,day", "tenant", "day" })
        {
            (await (await LookAsync("/admin/usage?by=" + by)).JsonAsync())["rows"]!.AsArray().ShouldNotBeEmpty();
            await LookAsync("/admin/usage?by=" + by, ("Accept", "text/csv"));
        }
        foreach (var method in new[] { HttpMethod.Post, HttpMethod.Delete })
            await SendAsync(method, "/admin/session", null, 204, ("Authorization", "Bearer " + AdminGateway.Token));
        _contract.Unobserved(operation => operation.IsAdmin ? operation.Successes : []).ShouldBeEmpty();
    }

    /// <summary>One that is cancelled while Leonardo's refusal pauses everything, and one that is made.</summary>
    private async Task JobsAsync(string prefix)
    {
        Gateway.Leonardo.ScriptNext("queue-full");
        await PostAsync(prefix + "/v2/generations", GatewayApp.Guide, 503, AsB);
        var queued = await PostAsync(prefix + "/v2/generations", GatewayApp.Guide, 202, AsB, ("Prefer", "respond-async"));
        var path = $"{prefix}/v1/jobs/{(await queued.JsonAsync())["job"]!["id"]}";
        await SeeAsync(HttpMethod.Get, prefix + "/v1/jobs?status=QUEUED", 200);
        await SeeAsync(HttpMethod.Delete, path, 200);
        Gateway.Time.Advance(TimeSpan.FromSeconds(10));
        var made = await PostAsync(prefix + "/v2/generations", GatewayApp.Guide, 200, AsB, ("Prefer", "respond-async, wait=60"));
        path = $"{prefix}/v1/jobs/{(await made.JsonAsync())["job"]!["id"]}";
        await SeeAsync(HttpMethod.Get, path, 200);
        await SeeAsync(HttpMethod.Get, path, 200, AsB, ("Accept", "text/event-stream"));
    }

    private async Task<string> GenerationsAsync(string prefix)
    {
        const string Forever = """{"model":"flux-pro-2.0","parameters":{"prompt":"[sim:job-forever]"}}""";
        await PostAsync(prefix + "/v2/generations/quote", GatewayApp.Guide, 200);
        await PostAsync(prefix + "/v2/generations/quote", GatewayApp.Guide, 200, AsB);
        await PostAsync(prefix + "/v2/generations", Forever, 202, AsB, ("Prefer", "wait=1"));
        var first = await PostAsync(
            prefix + "/v2/generations",
            GatewayApp.Guide,
            200,
            AsB,
            ("Prefer", "wait=60"),
            ("Idempotency-Key", "k")
        );
        (await first.JsonAsync())["generations_by_pk"].ShouldNotBeNull();
        var again = await PostAsync(prefix + "/v2/generations", GatewayApp.Guide, 200, AsB, ("Idempotency-Key", "k"));
        again.Headers.Contains("Idempotency-Replayed").ShouldBeTrue();
        Gateway.Leonardo.ScriptNext("credits-cost");
        var answer = await PostAsync(prefix + "/v2/generations", GatewayApp.Guide, 200, AsB);
        return (await answer.JsonAsync())["generate"]!["generationId"]!.GetValue<string>();
    }

    private async Task<string> ReadingAsync(string prefix, string id)
    {
        var path = $"{prefix}/v1/generations/{id}";
        (await SeeAsync(HttpMethod.Get, path, 200)).Headers.RetryAfter.ShouldNotBeNull();
        var seen = await SeeAsync(HttpMethod.Get, path, 200, AsB, ("Prefer", "wait=60"));
        var events = await SeeAsync(HttpMethod.Get, path, 200, AsB, ("Accept", "text/event-stream"));
        var data = (await events.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))
            .Split('\n')
            .Single(line => line.StartsWith("data: ", StringComparison.Ordinal));
        _contract.Validate("GenerationFound", JsonNode.Parse(data[6..])!).ShouldBeEmpty();
        await SeeAsync(HttpMethod.Get, path, 204, AsB, ("Accept", "text/event-stream"), ("Last-Event-ID", "2"));
        var page = await (await SeeAsync(HttpMethod.Get, prefix + "/v1/generations?limit=1", 200)).JsonAsync();
        await SeeAsync(HttpMethod.Get, $"{prefix}/v1/generations?after={page["next"]}", 200);
        return (await seen.JsonAsync())["generations_by_pk"]!.ImageId();
    }

    private async Task ImageAsync(string path)
    {
        foreach (var method in new[] { HttpMethod.Get, HttpMethod.Head })
        {
            var whole = await SeeAsync(method, path, 200);
            await SeeAsync(method, path, 206, AsB, ("Range", "bytes=0-9"));
            await SeeAsync(method, path, 304, AsB, ("If-None-Match", whole.Headers.ETag!.ToString()));
        }
    }

    private async Task UploadsAsync(string prefix)
    {
        var begun = await (await PostAsync(prefix + "/v1/init-image", """{"extension":"png"}""", 200, AsB)).JsonAsync();
        var (url, id) = (begun["uploadInitImage"]!["url"]!.GetValue<string>(), begun["uploadInitImage"]!["id"]!.GetValue<string>());
        await SendAsync(HttpMethod.Post, prefix + new Uri(url).AbsolutePath, TwoTenants.Form(TwoTenants.Png, "x.png"), 204, AsB);
        await SendAsync(HttpMethod.Post, prefix + "/v1/uploads", TwoTenants.Form(TwoTenants.Jpeg, "x.jpg"), 201, AsB);
        await SeeAsync(HttpMethod.Get, $"{prefix}/v1/init-image/{id}", 200);
        await ImageAsync($"{prefix}/v1/init-image/{id}/image");
        await SeeAsync(HttpMethod.Delete, $"{prefix}/v1/init-image/{id}", 200);
    }

    private Task<HttpResponseMessage> SeeAsync(HttpMethod method, string path, int status, params (string, string)[] headers) =>
        SendAsync(method, path, null, status, headers is [] ? [AsB] : headers);

    private Task<HttpResponseMessage> PostAsync(string path, string json, int status, params (string, string)[] headers) =>
        SendAsync(HttpMethod.Post, path, new StringContent(json, new MediaTypeHeaderValue("application/json")), status, headers);

    /// <summary>If the caller waits, the clock has to advance.</summary>
    private async Task<HttpResponseMessage> SendAsync(
        HttpMethod method,
        string path,
        HttpContent? content,
        int status,
        params (string, string)[] headers
    )
    {
        var sending = Gateway.SendAsync(method, path, content, headers);
        if (headers.Any(header => header.Item1 == "Prefer"))
            await Gateway.PassAsync(() => sending.IsCompleted);
        var answer = await _contract.CheckAsync(await sending);
        ((int)answer.StatusCode).ShouldBe(status);
        return answer;
    }

    private async Task<HttpResponseMessage> LookAsync(string path, params (string, string)[] headers)
    {
        var answer = await _contract.CheckAsync(await _admin.GetAsync(path, headers));
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        return answer;
    }

    /// <param name="json">Null: no body at all.</param>
    private async Task ChangeAsync(string path, string? json)
    {
        var content = json is null ? null : new StringContent(json, new MediaTypeHeaderValue("application/json"));
        var answer = await Gateway.SendAsync(HttpMethod.Post, path, content, ("Authorization", "Bearer " + AdminGateway.Token));
        (await _contract.CheckAsync(answer)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }
}
