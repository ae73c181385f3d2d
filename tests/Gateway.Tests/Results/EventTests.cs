using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Gateway.Results;
using Gateway.Storage;
using Gateway.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Results;

/// <summary>A generation as a stream of events: every change once, heartbeats in between, and an end.</summary>
public sealed class EventTests : IAsyncLifetime
{
    private GatewayApp _gateway = null!;

    public async ValueTask InitializeAsync() => _gateway = await TwoTenants.StartAsync();

    public ValueTask DisposeAsync() => _gateway.DisposeAsync();

    [Fact]
    public async Task The_stream_sends_the_current_status_then_the_end_and_closes()
    {
        var id = await _gateway.BeginAsync(TwoTenants.AsA);
        var reading = ReadAsync(id);
        await _gateway.PassAsync(() => reading.IsCompleted);
        var events = Events(await reading);
        events.Select(one => (one.Id, one.Status)).ShouldBe([("1", "PENDING"), ("2", "COMPLETE")]);
        events[^1].Data["generated_images"]![0]!["url"]!.GetValue<string>().ShouldStartWith(_gateway.Address.AbsoluteUri);
    }

    [Fact]
    public async Task A_finished_generation_is_sent_at_once()
    {
        var id = (await _gateway.MakeAsync(TwoTenants.AsA))["id"]!.GetValue<string>();
        Events(await ReadAsync(id)).Select(one => (one.Id, one.Status)).ShouldBe([("2", "COMPLETE")]);
    }

    [Fact]
    public async Task A_reconnecting_client_gets_only_newer_events()
    {
        var id = await _gateway.BeginAsync(TwoTenants.AsA);
        var reading = ReadAsync(id, ("Last-Event-ID", "1"));
        await _gateway.PassAsync(() => reading.IsCompleted);
        Events(await reading).Select(one => (one.Id, one.Status)).ShouldBe([("2", "COMPLETE")]);

        // Nothing newer will come: 204 makes a browser stop reconnecting.
        (await _gateway.GetAsync("/v1/generations/" + id, Headers(("Last-Event-ID", "2")))).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        Events(await ReadAsync(id, ("Last-Event-ID", "nonsense"))).Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_client_with_an_unknown_event_id_gets_everything()
    {
        var id = await _gateway.BeginAsync(TwoTenants.AsA);
        var reading = ReadAsync(id, ("Last-Event-ID", "999"));
        await _gateway.PassAsync(() => reading.IsCompleted);
        Events(await reading).Select(one => (one.Id, one.Status)).ShouldBe([("1", "PENDING"), ("2", "COMPLETE")]);
    }

    [Theory]
    [InlineData("text/event-stream", "text/event-stream")]
    [InlineData("text/event-stream, application/json;q=0.9", "text/event-stream")]
    [InlineData("application/json, text/event-stream;q=0.1", "application/json")]
    [InlineData("application/json, text/event-stream;q=0", "application/json")]
    [InlineData("text/event-stream;q=0.5, */*", "application/json")]
    [InlineData("text/event-stream, */*;q=0.5", "text/event-stream")]
    [InlineData("*/*", "application/json")]
    public async Task Events_are_sent_if_accept_rates_them_at_least_as_high_as_JSON(string accept, string answered)
    {
        var id = (await _gateway.MakeAsync(TwoTenants.AsA))["id"]!.GetValue<string>();
        var answer = await _gateway.GetAsync("/v1/generations/" + id, TwoTenants.AsA, ("Accept", accept));
        answer.Content.Headers.ContentType!.MediaType.ShouldBe(answered);
    }

    [Fact]
    public async Task While_nothing_happens_the_stream_sends_heartbeats()
    {
        var id = await _gateway.BeginAsync(TwoTenants.AsA, "[sim:job-forever]");
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/generations/" + id);
        foreach (var (name, value) in Headers())
            request.Headers.TryAddWithoutValidation(name, value);
        using var response = await _gateway.Client.SendAsync(
            request,
            HttpCompletionOption.ResponseHeadersRead,
            TestContext.Current.CancellationToken
        );
        response.Content.Headers.ContentType!.MediaType.ShouldBe("text/event-stream");
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        var seen = new StringBuilder();
        while (!seen.ToString().Contains("PENDING", StringComparison.Ordinal))
            seen.AppendLine(await lines.ReadLineAsync(TestContext.Current.CancellationToken));
        var next = lines.ReadLineAsync(TestContext.Current.CancellationToken).AsTask();
        for (var beats = 0; beats < 3; )
        {
            await Eventually.HoldsAsync(() =>
                _gateway.Services.GetRequiredService<CompletionWaiters>().Counts.Values.Sum() == 1 || next.IsCompleted
            );
            if (!next.IsCompleted)
            {
                _gateway.Time.Advance(TimeSpan.FromSeconds(1));
                continue;
            }
            beats += (await next)!.StartsWith(':') ? 1 : 0;
            next = lines.ReadLineAsync(TestContext.Current.CancellationToken).AsTask();
        }
    }

    [Fact]
    public async Task Deleting_a_generation_ends_its_streams()
    {
        var id = await _gateway.BeginAsync(TwoTenants.AsA, "[sim:job-forever]");
        var reading = ReadAsync(id);
        await Eventually.HoldsAsync(() => _gateway.Services.GetRequiredService<CompletionWaiters>().Counts.Values.Sum() == 1);
        await _gateway.SendAsync(HttpMethod.Delete, "/v1/generations/" + id, null, TwoTenants.AsA);
        Events(await reading).Select(one => one.Status).ShouldBe(["PENDING"]);
    }

    private static (string, string)[] Headers(params (string, string)[] more) => [TwoTenants.AsA, ("Accept", "text/event-stream"), .. more];

    private async Task<string> ReadAsync(string id, params (string, string)[] headers)
    {
        var response = await _gateway.GetAsync("/v1/generations/" + id, Headers(headers));
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        return await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    private static List<(string Id, string Status, JsonNode Data)> Events(string text)
    {
        var events = new List<(string, string, JsonNode)>();
        foreach (var block in text.Split("\n\n").Where(block => block.Contains("event: status", StringComparison.Ordinal)))
        {
            var lines = block
                .Split('\n')
                .ToDictionary(line => line.Split(": ", 2)[0], line => line.Split(": ", 2)[1], StringComparer.Ordinal);
            var data = JsonNode.Parse(lines["data"])!["generations_by_pk"]!;
            events.Add((lines["id"], data["status"]!.GetValue<string>(), data));
        }
        return events;
    }
}
