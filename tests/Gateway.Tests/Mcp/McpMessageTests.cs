using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Gateway.Tests.Admin;
using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;

namespace Gateway.Tests.Mcp;

/// <summary>What is decided before a message is understood: HTTP.</summary>
public sealed class McpMessageTests(GatewayFixture fixture) : IClassFixture<GatewayFixture>
{
    private const int MaxBytes = 8_000_000;

    private readonly GatewayApp _gateway = fixture.Gateway;

    [Theory]
    [InlineData("GET")]
    [InlineData("HEAD")]
    [InlineData("DELETE")]
    [InlineData("PUT")]
    public async Task There_are_no_sessions_to_read_or_end(string method)
    {
        using var response = await _gateway.SendAsync(
            new HttpMethod(method),
            "/mcp",
            null,
            ("Accept", "text/event-stream"),
            ("authorization", "Bearer unused")
        );
        response.StatusCode.ShouldBe(HttpStatusCode.MethodNotAllowed);
        response.Content.Headers.Allow.ShouldBe(["POST"]);
    }

    [Theory]
    [InlineData(MaxBytes, false, 200)]
    [InlineData(MaxBytes + 1, false, 413)]
    [InlineData(MaxBytes + 1, true, 413)]
    [InlineData(20_000_000, false, 413)]
    public async Task A_message_has_at_most_8_MB(int bytes, bool chunked, int status)
    {
        using var response = await SendAsync(_gateway, McpHost.Message("ping").PadRight(bytes), chunked);
        if (status == 413)
            await response.ProblemAsync(413, "too-large");
        else
            ((int)response.StatusCode).ShouldBe(status, await response.TextAsync());
    }

    private static async Task<HttpResponseMessage> SendAsync(GatewayApp gateway, string message, bool chunked)
    {
        var content = new ByteArrayContent(System.Text.Encoding.ASCII.GetBytes(message))
        {
            Headers = { ContentType = new MediaTypeHeaderValue("application/json") },
        };
        if (chunked)
            content.Headers.ContentLength = null;
        using var request = new HttpRequestMessage(HttpMethod.Post, "/mcp") { Content = content };
        request.Headers.TransferEncodingChunked = chunked;
        request.Headers.TryAddWithoutValidation("Accept", "application/json, text/event-stream");
        return await gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    /// <summary>The official client for .NET states no length.</summary>
    [Fact]
    public async Task Small_messages_without_a_stated_length_take_no_room_while_they_are_answered()
    {
        await using var gateway = await GatewayApp.StartAsync();
        var calls = Enumerable
            .Range(0, 4)
            .Select(n =>
                SendAsync(
                    gateway,
                    McpHost.Message(
                        "tools/call",
                        new JsonObject
                        {
                            ["name"] = "generate_image",
                            ["arguments"] = new JsonObject { ["prompt"] = $"Cat {n}" },
                        }
                    ),
                    chunked: true
                )
            )
            .ToList();

        await gateway.PassAsync(() => calls.TrueForAll(call => call.IsCompleted), pace: 25);

        foreach (var call in calls)
            (await call).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Only_the_file_of_an_upload_is_longer_than_1_MB()
    {
        var arguments = new JsonObject { ["prompt"] = new string('x', 1_000_000) };
        using var response = await _gateway.SendMessageAsync(
            "tools/call",
            new JsonObject { ["name"] = "generate_image", ["arguments"] = arguments }
        );
        await response.ProblemAsync(413, "too-large");
        _gateway.Leonardo.Received.ShouldBeEmpty();
    }

    [Fact]
    public async Task Large_messages_of_a_tenant_that_are_under_way_are_bounded()
    {
        const string Head =
            "POST /mcp HTTP/1.1\r\nHost: localhost\r\nAccept: application/json, text/event-stream\r\n"
            + "Content-Type: application/json\r\nContent-Length: 8000000\r\n\r\n";
        await using var gateway = await GatewayApp.StartAsync();
        using var first = await RawConnection.OpenAsync(gateway.Address);
        using var second = await RawConnection.OpenAsync(gateway.Address);
        using var third = await RawConnection.OpenAsync(gateway.Address);
        RawConnection[] all = [first, second, third];
        foreach (var one in all)
            await one.SendAsync(Head);

        // Two of them are all that the tenant may have, and they wait for their bodies.
        var refused = await await Task.WhenAny(all.Select(one => one.ReadUntilAsync("store-unavailable")));
        refused.ShouldStartWith("HTTP/1.1 503 ");
        refused.ShouldContain("Retry-After: ");
        // Small ones are answered all the same, and large ones once there is room.
        (await gateway.SendMessageAsync("ping")).StatusCode.ShouldBe(HttpStatusCode.OK);
        foreach (var one in all)
            one.Reset();
        var large = McpHost.Message("ping").PadRight(MaxBytes);
        await Eventually.HoldsAsync(async () => (await gateway.PostMessageAsync(large)).StatusCode == HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/list"}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"quota","arguments":{"a":1,"\u0061":2}}}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"quota","arguments":{"a":"\ud800"}}}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"quota","arguments":{"\ud800":1}}}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"ping"} trailing""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"ping",}""")]
    [InlineData("")]
    public async Task What_is_not_strict_JSON_is_malformed(string body)
    {
        using var response = await _gateway.PostMessageAsync(body);
        await response.ProblemAsync(400, "malformed-request");
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("""{"hello":"there"}""")]
    public async Task What_is_no_message_is_an_error_of_the_protocol(string body)
    {
        using var response = await _gateway.PostMessageAsync(body);
        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await response.JsonAsync())["error"]!["code"]!.GetValue<int>().ShouldBe(-32600);
    }

    [Fact]
    public async Task Another_media_type_is_415()
    {
        using var content = new StringContent(McpHost.Message("ping"));
        using var response = await _gateway.SendAsync(HttpMethod.Post, "/mcp", content, ("Accept", "application/json, text/event-stream"));
        await response.ProblemAsync(415, "unsupported-media-type");
    }

    [Theory]
    [InlineData("Sec-Fetch-Site", "cross-site", "cross-site")]
    [InlineData("Origin", "https://elsewhere.example", "cross-site")]
    [InlineData("Origin", "null", "cross-site")]
    [InlineData("Host", "gateway.example.com", "host-not-allowed")]
    public async Task A_page_of_another_site_and_a_foreign_host_name_are_403(string header, string value, string problem)
    {
        using var response = await _gateway.SendMessageAsync("tools/list", null, (header, value));
        await response.ProblemAsync(403, problem);
    }

    [Theory]
    [InlineData("Bearer")]
    [InlineData("Bearer none")]
    [InlineData("bearer unused")]
    [InlineData("Bearer sk-none")]
    public async Task A_placeholder_for_a_credential_counts_as_none(string authorization)
    {
        var usage = await _gateway.CallAsync("quota", [], ("authorization", authorization));
        usage.Structured()["tenant"]!.ToJsonString().ShouldContain("\"identifiedBy\":\"network\"");
        // Only where clients need one.
        await (await _gateway.GetAsync("/v1/usage", ("authorization", authorization))).ShouldAskForATokenAsync();
    }

    [Theory]
    [InlineData("Bearer mistyped")]
    [InlineData("Bearer nonexistent")]
    [InlineData("Basic none")]
    [InlineData("none")]
    public async Task Another_credential_that_is_not_valid_is_401(string authorization)
    {
        using var response = await _gateway.SendMessageAsync("tools/list", null, ("authorization", authorization));
        await response.ShouldAskForATokenAsync();
    }

    [Fact]
    public async Task A_suspended_tenant_is_403()
    {
        await using var admin = await AdminGateway.StartAsync();
        (await admin.PostAsync("/admin/tenants/a/suspend", """{"reason":"test"}""")).StatusCode.ShouldBe(HttpStatusCode.OK);
        using var response = await admin.Gateway.SendMessageAsync("tools/list");
        await response.ProblemAsync(403, "suspended");
    }

    [Fact]
    public async Task The_route_is_at_one_address_and_not_in_the_document_of_the_native_routes()
    {
        (await _gateway.GetAsync("/swagger/v1/swagger.json")).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await (await _gateway.GetAsync("/swagger/v1/swagger.json")).TextAsync()).ShouldNotContain("/mcp");
        await (await _gateway.PostAsync(McpHost.Message("ping"), "/api/rest/mcp")).ProblemAsync(404, "not-found");
    }

    [Fact]
    public async Task The_management_port_does_not_have_it()
    {
        using var folder = new TemporaryFolder();
        var management = Ports.Free();
        await using var gateway = await GatewayProcess.StartAsync(
            folder.Path,
            ("ASPNETCORE_ENVIRONMENT", "Development"),
            ("Management__Port", $"{management}")
        );
        using var content = new StringContent(McpHost.Message("ping"), new MediaTypeHeaderValue("application/json"));
        using var response = await gateway.Client.PostAsync(
            new Uri($"http://127.0.0.1:{management}/mcp"),
            content,
            TestContext.Current.CancellationToken
        );
        await response.ProblemAsync(404, "not-found");
    }

    [Fact]
    public async Task A_message_without_an_answer_is_202()
    {
        using var response = await _gateway.PostMessageAsync(
            """{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"""
        );
        response.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        (await response.TextAsync()).ShouldBeEmpty();
    }
}
