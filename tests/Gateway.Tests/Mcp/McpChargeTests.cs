using System.Text.Json.Nodes;
using Gateway.Results;
using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;
using Leonardo.Simulator;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Mcp;

/// <summary>What is paid, and what is not paid twice.</summary>
public sealed class McpChargeTests : IAsyncLifetime
{
    private GatewayApp _gateway = null!;

    public async ValueTask InitializeAsync() =>
        _gateway = await GatewayApp.StartAsync(
            TwoTenants.WithQuotas("""{ "imagesPerDay": 100, "concurrentStreams": 2 }""", """{ "imagesPerDay": 3 }"""),
            simulator: new SimulatorOptions { CreationsPerMinute = 0, JobSeconds = 1 }
        );

    private int Waiting => _gateway.Services.GetRequiredService<CompletionWaiters>().Counts.Values.Sum();

    public ValueTask DisposeAsync() => _gateway.DisposeAsync();

    [Fact]
    public async Task The_same_key_gives_the_same_generation_and_is_charged_once()
    {
        var arguments = McpHost.Prompt("A cat", ("idempotency_key", "order-4711"));
        var first = (await GenerateAsync(arguments)).Structured();
        var again = (await GenerateAsync(arguments)).Structured();

        again["id"]!.GetValue<string>().ShouldBe(first["id"]!.GetValue<string>());
        again["replayed"]!.GetValue<bool>().ShouldBeTrue();
        first["replayed"].ShouldBeNull();
        (await GenerateAsync(McpHost.Prompt("A dog", ("idempotency_key", "order-4711")))).Refusal("idempotency-mismatch");
        _gateway.Leonardo.Invoice.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Two_calls_without_a_key_that_got_their_images_are_charged_twice()
    {
        var first = (await GenerateAsync(McpHost.Prompt("A cat"))).Structured();
        var second = (await GenerateAsync(McpHost.Prompt("A cat"))).Structured();

        second["id"]!.GetValue<string>().ShouldNotBe(first["id"]!.GetValue<string>());
        _gateway.Leonardo.Invoice.Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_call_that_was_cancelled_goes_on_and_its_repeat_gets_the_generation()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/mcp")
        {
            Content = new StringContent(
                McpHost.Message("tools/call", new JsonObject { ["name"] = "generate_image", ["arguments"] = McpHost.Prompt("A cat") }),
                new System.Net.Http.Headers.MediaTypeHeaderValue("application/json")
            ),
        };
        request.Headers.TryAddWithoutValidation("Accept", "application/json, text/event-stream");
        request.Headers.TryAddWithoutValidation("authorization", "Bearer a");
        using (await _gateway.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken))
        {
            await Eventually.HoldsAsync(() => _gateway.Leonardo.Invoice.Count == 1);
            // A shorter request is taken for one of another person.
            _gateway.Time.Advance(TimeSpan.FromMilliseconds(500));
            await Eventually.HoldsAsync(() => Waiting == 1);
        }
        await Eventually.HoldsAsync(() => Waiting == 0);

        var repeat = (await GenerateAsync(McpHost.Prompt("A cat"))).Structured();
        repeat["status"]!.GetValue<string>().ShouldBe("COMPLETE");
        repeat["replayed"]!.GetValue<bool>().ShouldBeTrue();
        _gateway.Leonardo.Invoice.ShouldHaveSingleItem().GenerationId.ShouldBe(repeat["id"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_result_that_the_host_did_not_receive_is_given_to_its_repeat()
    {
        var call = new JsonObject { ["name"] = "generate_image", ["arguments"] = McpHost.Prompt("A cat") };
        var message = McpHost.Message("tools/call", (JsonObject)call.DeepClone());
        using (var host = await RawConnection.OpenAsync(_gateway.Address))
        {
            await host.SendAsync(
                "POST /mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer a\r\nAccept: application/json, text/event-stream\r\n"
                    + $"Content-Type: application/json\r\nContent-Length: {message.Length}\r\n\r\n{message}"
            );
            var reading = host.ReadUntilAsync("COMPLETE");
            await _gateway.PassAsync(() => reading.IsCompleted);
            host.Reset();
        }

        // The clock stands still: the repeat waits until the gateway knows whether the first result was received.
        using var response = await _gateway.SendMessageAsync("tools/call", call, TwoTenants.AsA);
        var repeat = (await response.MessageAsync())["result"]!.Structured();
        repeat["replayed"]!.GetValue<bool>().ShouldBeTrue();
        _gateway.Leonardo.Invoice.ShouldHaveSingleItem().GenerationId.ShouldBe(repeat["id"]!.GetValue<string>());
    }

    [Fact]
    public async Task An_unknown_outcome_says_to_repeat_with_the_same_key_and_is_not_sent_again()
    {
        _gateway.Leonardo.ScriptNext("garbage");
        var arguments = McpHost.Prompt("A cat", ("idempotency_key", "order-4711"));
        var problem = (await GenerateAsync(arguments)).Refusal("outcome-unknown");

        problem["detail"]!.GetValue<string>().ShouldContain("the same idempotency_key");
        problem["reservationId"]!.GetValue<string>().ShouldNotBeEmpty();
        await GenerateAsync(arguments);
        _gateway.Leonardo.Stats.Creations.ShouldBe(1);
    }

    [Fact]
    public async Task A_call_is_not_the_repeat_of_a_native_request_that_asks_for_the_same()
    {
        _gateway.Leonardo.ScriptNext("garbage");
        const string Native = """{"model":"flux-pro-2.0","parameters":{"prompt":"A cat","width":256,"height":256}}""";
        await (await _gateway.PostAsync(Native, headers: TwoTenants.AsA)).ProblemAsync(502, "outcome-unknown");

        (await GenerateAsync(McpHost.Prompt("A cat"))).Structured()["status"]!.GetValue<string>().ShouldBe("COMPLETE");
        _gateway.Leonardo.Stats.Creations.ShouldBe(2);
    }

    [Fact]
    public async Task A_quota_is_the_native_problem()
    {
        (await GenerateAsync(McpHost.Prompt("A cat", ("quantity", 2)), TwoTenants.AsB)).Structured()["remaining"]!["images-day"]!
            .GetValue<int>()
            .ShouldBe(1);
        var result = await GenerateAsync(McpHost.Prompt("A cat", ("quantity", 2)), TwoTenants.AsB);

        var problem = result.Refusal("quota-exceeded");
        problem["status"]!.GetValue<int>().ShouldBe(429);
        problem["violated-policies"]!.ToJsonString().ShouldBe("""["images-day"]""");
        result["structuredContent"]!["retryAfter"]!.GetValue<int>().ShouldBeGreaterThan(60);
        _gateway.Leonardo.Invoice.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Calls_that_wait_count_as_streams_of_their_tenant()
    {
        var waiting = Enumerable
            .Range(0, 2)
            .Select(n =>
                _gateway.SendMessageAsync(
                    "tools/call",
                    new JsonObject { ["name"] = "generate_image", ["arguments"] = McpHost.Prompt($"[sim:job-forever] {n}") },
                    TwoTenants.AsA
                )
            )
            .ToList();
        await Eventually.HoldsAsync(() => _gateway.Leonardo.Stats.Creations == 2);

        var problem = (await GenerateAsync(McpHost.Prompt("A cat"))).Refusal("quota-exceeded");
        problem["violated-policies"]!.ToJsonString().ShouldBe("""["concurrent-streams"]""");
        _gateway.Leonardo.Stats.Creations.ShouldBe(2);
        await _gateway.PassAsync(() => waiting.TrueForAll(one => one.IsCompleted));
        foreach (var one in waiting)
        {
            using var response = await one;
            (await response.MessageAsync())["result"]!.Structured()["status"]!.GetValue<string>().ShouldBe("PENDING");
        }
        (await GenerateAsync(McpHost.Prompt("A cat"))).Structured();
    }

    [Fact]
    public async Task A_call_waits_45_seconds_with_the_time_in_the_queue()
    {
        await using var gateway = await GatewayApp.StartAsync(
            simulator: new SimulatorOptions { CreationsPerMinute = 0, JobSeconds = 30 },
            settings: ("Leonardo:ConcurrentGenerations", "1")
        );
        (await gateway.PostAsync(GatewayApp.Guide)).EnsureSuccessStatusCode();
        var before = gateway.Time.GetUtcNow();

        var result = await gateway.CallAsync("generate_image", McpHost.Prompt("A second cat"));
        result.Structured()["status"]!.GetValue<string>().ShouldBe("PENDING");
        gateway.Leonardo.Stats.Creations.ShouldBe(2);
        (gateway.Time.GetUtcNow() - before).TotalSeconds.ShouldBeInRange(45, 55);
    }

    private Task<JsonNode> GenerateAsync(JsonObject arguments) => GenerateAsync(arguments, TwoTenants.AsA);

    private Task<JsonNode> GenerateAsync(JsonObject arguments, (string, string) tenant) =>
        _gateway.CallAsync("generate_image", (JsonObject)arguments.DeepClone(), tenant);
}
