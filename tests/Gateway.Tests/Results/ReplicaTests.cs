using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Gateway.Tests.Harness;
using Leonardo.Simulator;

namespace Gateway.Tests.Results;

/// <summary>
/// Several gateways on one PostgreSQL poll each generation on one schedule, whichever replica is asked, and whichever
/// crashes.
/// </summary>
public sealed class ReplicaTests : IAsyncLifetime
{
    private TemporaryFolder _folder = null!;
    private LeonardoSimulator _leonardo = null!;
    private GatewayProcess _one = null!;
    private GatewayProcess _other = null!;

    public async ValueTask InitializeAsync()
    {
        Tools.NeedPostgreSql();
        _folder = new TemporaryFolder();
        var database = await (await PostgreSqlServer.SharedAsync()).CreateDatabaseAsync();
        _leonardo = await LeonardoSimulator.StartAsync(new SimulatorOptions { JobSeconds = 8 }, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(
            Path.Combine(_folder.Path, "tenants.json"),
            GatewayApp.Tenants("""{ "id": "team", "identify": { "networks": ["127.0.0.0/8"] } }"""),
            TestContext.Current.CancellationToken
        );
        (string, string)[] environment =
        [
            ("Leonardo__ApiKey", _leonardo.Key),
            ("Leonardo__BaseUrl", _leonardo.BaseUrl.AbsoluteUri),
            ("Leonardo__ImageOrigins__0", _leonardo.Address.GetLeftPart(UriPartial.Authority)),
            ("Leonardo__UploadOrigins__0", _leonardo.Address.GetLeftPart(UriPartial.Authority)),
            ("Storage__Engine", "PostgreSql"),
            ("Storage__ConnectionString", database),
        ];
        _one = await GatewayProcess.StartAsync(_folder.Path, environment);
        _other = await GatewayProcess.StartAsync(_folder.Path, environment);
    }

    public async ValueTask DisposeAsync()
    {
        if (_one is not null)
            await _one.DisposeAsync();
        if (_other is not null)
            await _other.DisposeAsync();
        if (_leonardo is not null)
            await _leonardo.DisposeAsync();
        _folder?.Dispose();
    }

    [Fact]
    public async Task A_caller_that_waits_at_one_replica_gets_what_another_polled_on_one_schedule()
    {
        var id = await BeginAsync(_one);
        var waiting = Enumerable
            .Range(0, 20)
            .Select(n => SendAsync(n % 2 == 0 ? _one : _other, HttpMethod.Get, "/v1/generations/" + id, ("Prefer", "wait=60")))
            .ToList();
        foreach (var answer in await Task.WhenAll(waiting))
            (await JsonAsync(answer))["generations_by_pk"]!["status"]!.GetValue<string>().ShouldBe("COMPLETE");
        // At 1, 2.5, 4.5, 7.5 and 12.5 seconds; the job takes eight.
        _leonardo.Stats.Polls[id].ShouldBeInRange(2, 6);
    }

    [Fact]
    public async Task When_the_polling_replica_is_killed_another_finishes_and_event_streams_resume()
    {
        var id = await BeginAsync(_one);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/generations/" + id);
        request.Headers.TryAddWithoutValidation("Accept", "text/event-stream");
        using var response = await _one.Client.SendAsync(
            request,
            HttpCompletionOption.ResponseHeadersRead,
            TestContext.Current.CancellationToken
        );
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        var seen = "";
        while (!seen.StartsWith("id: ", StringComparison.Ordinal))
            seen = (await lines.ReadLineAsync(TestContext.Current.CancellationToken))!;
        await Eventually.HoldsAsync(() => _leonardo.Stats.Polls.ContainsKey(id));

        await _one.KillAsync();

        var events = await SendAsync(
            _other,
            HttpMethod.Get,
            "/v1/generations/" + id,
            ("Accept", "text/event-stream"),
            ("Last-Event-ID", seen[4..])
        );
        events.StatusCode.ShouldBe(HttpStatusCode.OK);
        var text = await events.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        text.ShouldNotContain("PENDING");
        text.ShouldContain("id: 2\nevent: status\ndata: {\"generations_by_pk\":");
        text.ShouldContain("COMPLETE");
    }

    [Fact]
    public async Task An_upload_created_at_one_replica_is_accepted_at_another()
    {
        var begun = await JsonAsync(await SendAsync(_one, HttpMethod.Post, "/v1/init-image", """{"extension":"png"}"""));
        var address = new Uri(begun["uploadInitImage"]!["url"]!.GetValue<string>());
        var upload = begun["uploadInitImage"]!["id"]!.GetValue<string>();
        using var form = TwoTenants.Form(TwoTenants.Png, "x.png");
        (await _other.Client.PostAsync(address.AbsolutePath, form, TestContext.Current.CancellationToken)).StatusCode.ShouldBe(
            HttpStatusCode.NoContent
        );

        var id = await BeginAsync(_other, $$"""[{"image":{"id":"{{upload}}","type":"UPLOADED"} }]""");
        var answer = await JsonAsync(await SendAsync(_one, HttpMethod.Get, "/v1/generations/" + id, ("Prefer", "wait=60")));
        var image = new Uri(answer["generations_by_pk"]!["generated_images"]![0]!["url"]!.GetValue<string>());
        (await SendAsync(_other, HttpMethod.Get, image.AbsolutePath)).Content.Headers.ContentType!.MediaType.ShouldBe("image/jpeg");
        var list = await JsonAsync(await SendAsync(_other, HttpMethod.Get, "/v1/generations?limit=1"));
        list["generations"]!.AsArray().ShouldHaveSingleItem()!["id"]!.GetValue<string>().ShouldBe(id);
        (await SendAsync(_one, HttpMethod.Delete, "/v1/generations/" + id)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await SendAsync(_other, HttpMethod.Get, "/v1/generations/" + id)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await SendAsync(_other, HttpMethod.Delete, "/v1/init-image/" + upload)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await SendAsync(_one, HttpMethod.Get, "/v1/init-image/" + upload)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_lost_answer_is_found_once_by_any_replica()
    {
        _leonardo.ScriptNext("reset-after");
        (await SendAsync(_one, HttpMethod.Post, "/v2/generations", GatewayApp.Guide, ("Idempotency-Key", "k"))).StatusCode.ShouldBe(
            HttpStatusCode.BadGateway
        );
        HttpResponseMessage replay = null!;
        await Eventually.HoldsAsync(async () =>
            (replay = await SendAsync(_other, HttpMethod.Post, "/v2/generations", GatewayApp.Guide, ("Idempotency-Key", "k"))).StatusCode
            == HttpStatusCode.OK
        );
        var id = (await JsonAsync(replay))["generate"]!["generationId"]!.GetValue<string>();
        id.ShouldBe(_leonardo.Invoice.ShouldHaveSingleItem().GenerationId);
        (await SendAsync(_one, HttpMethod.Get, "/v1/generations/" + id)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    private static async Task<string> BeginAsync(GatewayProcess gateway, string references = "[]")
    {
        var body =
            $$"""{"model":"flux-pro-2.0","parameters":{"prompt":"A cat","width":256,"height":256,"guidances":{"image_reference":{{references}}} } }""";
        var answer = await JsonAsync(await SendAsync(gateway, HttpMethod.Post, "/v2/generations", body));
        return answer["generate"]!["generationId"]!.GetValue<string>();
    }

    private static Task<HttpResponseMessage> SendAsync(
        GatewayProcess gateway,
        HttpMethod method,
        string path,
        params (string, string)[] headers
    ) => SendAsync(gateway, method, path, null, headers);

    private static async Task<HttpResponseMessage> SendAsync(
        GatewayProcess gateway,
        HttpMethod method,
        string path,
        string? body,
        params (string Name, string Value)[] headers
    )
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, new System.Net.Http.Headers.MediaTypeHeaderValue("application/json"));
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        return await gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private static async Task<JsonNode> JsonAsync(HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        response.StatusCode.ShouldBe(HttpStatusCode.OK, text);
        return JsonNode.Parse(text)!;
    }
}
