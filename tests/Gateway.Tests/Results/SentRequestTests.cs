using System.Text;
using System.Text.Json;
using Gateway.Storage;
using Gateway.Tests.Harness;
using Gateway.Tests.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Results;

/// <summary>
/// The request as it was sent is kept with its generation, byte for byte and as long as that can be read; nothing of it
/// is kept where there is no generation.
/// </summary>
public sealed class SentRequestTests : IAsyncLifetime
{
    private const string Style = "debdf72a-91a4-467b-bf61-cc02bdeb69c6";

    private GatewayApp _gateway = null!;

    public async ValueTask InitializeAsync() => _gateway = await TwoTenants.StartAsync(null, ("Results:Retention", "01:00:00"));

    public ValueTask DisposeAsync() => _gateway.DisposeAsync();

    [Fact]
    public async Task The_request_is_returned_byte_for_byte_alone_in_the_list_and_in_events()
    {
        var upload = await _gateway.UploadAsync(TwoTenants.AsA);
        // Escapes, a pair of surrogates and a quotation mark: each could be written in another way.
        var prompt = """Caf\u00e9 \ud83d\ude00 \"<b>\" \u2028 \u0007 & 'x'""";
        await _gateway.PostAsync(
            $$$"""
            {"parameters":{"guidances":{"image_reference":[{"strength":"HIGH","image":{"type":"UPLOADED","id":"{{{upload.ToUpperInvariant()}}}"}}]},
             "style_ids":["{{{Style}}}"],"prompt_enhance":"ON","prompt":"{{{prompt}}}","quantity":2,"height":512,"width":256},"model":"flux-pro-2.0"}
            """,
            headers: TwoTenants.AsA
        );
        await _gateway.BeginAsync(TwoTenants.AsA);
        var sent = Sent();
        sent.Count.ShouldBe(2);
        sent[0].ShouldContain(Style);
        sent[0].ShouldContain(upload);
        sent[0].ShouldContain("\"seed\":");

        var list = JsonDocument.Parse(await (await _gateway.GetAsync("/v1/generations", TwoTenants.AsA)).TextAsync()).RootElement;
        list.GetProperty("generations").EnumerateArray().Select(Request).ShouldBe([sent[1], sent[0]], ignoreOrder: true);
        foreach (var generation in list.GetProperty("generations").EnumerateArray())
        {
            var path = "/v1/generations/" + generation.GetProperty("id").GetString();
            var alone = JsonDocument.Parse(await (await _gateway.GetAsync(path, TwoTenants.AsA)).TextAsync()).RootElement;
            Request(alone).ShouldBe(Request(generation));
            alone.GetProperty("generations_by_pk").TryGetProperty("request", out _).ShouldBeFalse();
        }
        await _gateway.PassAsync(async () => (await ListAsync()).All(one => one.GetProperty("status").GetString() == "COMPLETE"));
        (await ListAsync()).Select(Request).ShouldBe(sent, ignoreOrder: true);
        var id = (await ListAsync())[0].GetProperty("id").GetString();
        var events = await _gateway.GetAsync("/v1/generations/" + id, TwoTenants.AsA, ("Accept", "text/event-stream"));
        (await events.TextAsync()).ShouldContain("\"request\":" + Request((await ListAsync())[0]));
    }

    [Fact]
    public async Task What_was_returned_and_is_sent_again_is_the_same_request()
    {
        await _gateway.PostAsync(
            $$"""{"model":"flux-pro-2.0","parameters":{"prompt":"A caf\u00e9","style_ids":["{{Style}}"],"prompt_enhance":"ON"} }""",
            headers: TwoTenants.AsA
        );
        await _gateway.PostAsync(Request((await ListAsync())[0]), headers: [TwoTenants.AsA, ("Idempotency-Key", "again")]);

        Sent().Count.ShouldBe(2);
        Sent().Distinct().ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_deleted_generation_leaves_nothing_of_its_request_whether_it_runs_or_has_ended()
    {
        var ended = (await _gateway.MakeAsync(TwoTenants.AsA))["id"]!.GetValue<string>();
        var running = await _gateway.BeginAsync(TwoTenants.AsA);
        await _gateway.BeginAsync(TwoTenants.AsB);
        (await KeptAsync()).ShouldBe(3);

        foreach (var id in new[] { ended, running })
            await _gateway.SendAsync(HttpMethod.Delete, "/v1/generations/" + id, null, TwoTenants.AsA);

        (await KeptAsync()).ShouldBe(1);
    }

    [Fact]
    public async Task A_result_that_is_past_its_retention_leaves_nothing_of_its_request()
    {
        await _gateway.MakeAsync(TwoTenants.AsA);
        _gateway.Time.Advance(TimeSpan.FromMinutes(75));
        await _gateway.PassAsync(async () => await KeptAsync() == 0);
    }

    [Theory]
    [InlineData("moderation-400", 422)]
    [InlineData("bad-key-401", 502)]
    public async Task A_request_that_was_refused_is_not_kept(string fault, int status)
    {
        _gateway.Leonardo.ScriptNext(fault);
        ((int)(await _gateway.PostAsync(GatewayApp.Guide, headers: TwoTenants.AsA)).StatusCode).ShouldBe(status);
        (await KeptAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task A_generation_whose_answer_was_lost_has_its_request_once_it_is_found()
    {
        _gateway.Leonardo.ScriptNext("reset-after");
        await (await _gateway.PostAsync(GatewayApp.Guide, headers: TwoTenants.AsA)).ProblemAsync(502, "outcome-unknown");

        await _gateway.PassAsync(async () => (await ListAsync()).Count == 1);

        (await ListAsync()).Select(Request).ShouldBe(Sent());
    }

    [Fact]
    public async Task What_was_charged_is_read_with_a_generation_also_where_it_is_not_the_list_price()
    {
        var body = """{"model":"flux-pro-2.0","parameters":{"prompt":"A cat [sim:cost-factor:2]","width":512,"height":512}}""";
        var made = (await (await _gateway.PostAsync(body, headers: TwoTenants.AsA)).JsonAsync())["generate"]!;
        var charged = made["cost"]!.ToJsonString();
        var quote = await _gateway.PostAsync(body, "/v2/generations/quote", TwoTenants.AsB);
        (await quote.JsonAsync())["cost"]!.ToJsonString().ShouldBe(charged, "the price follows what Leonardo states");

        (await ListAsync()).ShouldHaveSingleItem().GetProperty("cost").GetRawText().ShouldBe(charged);
        var answer = await (await _gateway.GetAsync($"/v1/generations/{made["generationId"]}", TwoTenants.AsA)).JsonAsync();
        answer["cost"]!.ToJsonString().ShouldBe(charged);
        answer["generations_by_pk"]!.AsObject().ContainsKey("cost").ShouldBeFalse();
    }

    [Fact]
    public async Task A_generation_from_before_requests_were_kept_has_none_and_is_read_as_before()
    {
        var id = (await _gateway.MakeAsync(TwoTenants.AsA))["id"]!.GetValue<string>();
        await ExecuteAsync("delete from sent_request");

        var answer = await (await _gateway.GetAsync("/v1/generations/" + id, TwoTenants.AsA)).JsonAsync();

        answer.AsObject().Select(member => member.Key).ShouldBe(["generations_by_pk", "cost"]);
        (await ListAsync()).ShouldHaveSingleItem().TryGetProperty("request", out _).ShouldBeFalse();
    }

    /// <summary>The bodies that Leonardo received, oldest first.</summary>
    private List<string> Sent() =>
        [
            .. _gateway
                .Leonardo.Received.Where(request => request.Path.EndsWith("/v2/generations", StringComparison.Ordinal))
                .Select(request => Encoding.UTF8.GetString(request.Body.Span)),
        ];

    private static string Request(JsonElement of) => of.GetProperty("request").GetRawText();

    private async Task<List<JsonElement>> ListAsync() =>
        [
            .. JsonDocument
                .Parse(await (await _gateway.GetAsync("/v1/generations?limit=100", TwoTenants.AsA)).TextAsync())
                .RootElement.GetProperty("generations")
                .EnumerateArray(),
        ];

    private async Task<long> KeptAsync() =>
        (
            await _gateway
                .Services.GetRequiredService<Database>()
                .ReadAsync(
                    (connection, cancellationToken) =>
                        connection.Command("select count(*) from sent_request").ReadAsync(row => row.GetInt64(0), cancellationToken),
                    TestContext.Current.CancellationToken
                )
        )[0];

    private Task<int> ExecuteAsync(string sql) => _gateway.Services.GetRequiredService<Database>().ExecuteAsync(sql);
}
