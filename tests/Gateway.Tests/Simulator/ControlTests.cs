using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Leonardo.Simulator;

namespace Gateway.Tests.Simulator;

public sealed class ControlTests
{
    [Fact]
    public async Task Requests_are_recorded_except_those_to_the_control_routes()
    {
        await using var client = await Client.StartAsync();
        using (await client.PostAsync(Client.Body("a kite"))) { }

        var plain = await client.GetAsync("/_sim/received");
        var full = await client.GetAsync("/_sim/received?bodies=true");

        plain.GetArrayLength().ShouldBe(1);
        plain[0].GetProperty("body").ValueKind.ShouldBe(JsonValueKind.Null);
        full[0].GetProperty("body").GetString()!.ShouldContain("\"prompt\":\"a kite\"");
        var received = client.Simulator.Received.ShouldHaveSingleItem();
        (received.Method, received.Path, received.QueryString).ShouldBe(("POST", "/api/rest/v2/generations", ""));
        received.Header("authorization").ShouldBe($"Bearer {client.Simulator.Key}");
    }

    [Fact]
    public async Task A_repeated_header_is_recorded_twice()
    {
        await using var client = await Client.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/rest/v1/me");
        request.Headers.TryAddWithoutValidation("X-Twice", ["one", "two"]);
        using (await client.Http.SendAsync(request, Client.Cancellation)) { }

        client.Simulator.Received[0].Header("x-twice").ShouldBe("one, two");
    }

    [Fact]
    public async Task Polls_are_counted_for_each_generation()
    {
        await using var client = await Client.StartAsync();
        var id = await client.CreateAsync();
        await client.ReadAsync(id);
        await client.ReadAsync(id);

        var stats = await client.GetAsync("/_sim/stats");

        stats.GetProperty("polls").GetProperty(id).GetInt32().ShouldBe(2);
        stats.GetProperty("creations").GetInt32().ShouldBe(1);
    }

    [Fact]
    public async Task The_account_shows_its_credit_and_slots()
    {
        await using var client = await Client.StartAsync(new SimulatorOptions { Balance = 14.95m, Slots = 7 });

        var details = (await client.GetAsync("/api/rest/v1/me")).GetProperty("user_details")[0];

        details.GetProperty("user").GetProperty("id").GetString().ShouldBe(client.Simulator.AccountUserId);
        details.GetProperty("apiPaidTokens").GetInt64().ShouldBe(10_000);
        details.GetProperty("apiConcurrencySlots").GetInt32().ShouldBe(7);
    }

    [Fact]
    public async Task A_reset_keeps_only_the_initial_options()
    {
        await using var client = await Client.StartAsync();
        var id = await client.CreateAsync();
        client.Simulator.ScriptNext("error-500");
        client.Simulator.Change(new SimulatorChange { Balance = 0, Slots = 1 });

        using var reset = await client.Http.PostAsync(new Uri("/_sim/reset", UriKind.Relative), null, Client.Cancellation);

        reset.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        client.Simulator.Received.ShouldBeEmpty();
        client.Simulator.Invoice.ShouldBeEmpty();
        (await client.ReadAsync(id)).ValueKind.ShouldBe(JsonValueKind.Null);
        await client.CreateAsync();
    }

    [Fact]
    public async Task An_unknown_option_is_refused()
    {
        await using var client = await Client.StartAsync();

        using var response = await client.Http.PostAsJsonAsync("/_sim/options", new { speed = 9 }, Client.Cancellation);

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task An_unknown_route_is_404_with_a_key_and_401_without()
    {
        await using var client = await Client.StartAsync();
        var path = new Uri("/api/rest/v2/generations/00000000-0000-4000-8000-000000000000", UriKind.Relative);
        using var stranger = new HttpClient { BaseAddress = client.Simulator.Address };

        using var known = await client.Http.GetAsync(path, Client.Cancellation);
        using var unknown = await stranger.GetAsync(path, Client.Cancellation);

        known.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        unknown.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_second_simulator_starts_quickly()
    {
        await using var first = await Client.StartAsync();
        var clock = Stopwatch.StartNew();

        await using var second = await Client.StartAsync();

        clock.Elapsed.ShouldBeLessThan(TimeSpan.FromMilliseconds(200));
        second.Simulator.Address.ShouldNotBe(first.Simulator.Address);
    }
}
