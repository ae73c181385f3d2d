using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Tests.Harness;
using Gateway.Tests.Mcp;
using Gateway.Tests.OpenAi;
using Gateway.Tests.Telemetry;
using Gateway.Tests.Tenants.Identification;

namespace Gateway.Tests.Admin;

/// <summary>The person that a request names, and how an operator finds what a request made.</summary>
public sealed class UserLabelTests
{
    private const string Header = "X-User-Label";

    [Fact]
    public async Task The_person_named_is_in_the_usage_report_in_lists_and_in_nothing_that_leaves()
    {
        await using var admin = await AdminGateway.StartAsync();
        using var named = await MakeAsync(admin, (Header, "jane.doe@example.com"));
        using var other = await MakeAsync(admin);
        // What only reads is never refused for it.
        using var list = await admin.Gateway.GetAsync("/v1/generations", (Header, "Jane Doe"));

        (await list.JsonAsync())["generations"]!.AsArray().Select(User).ShouldBe([null, "jane.doe@example.com"]);
        var one = await (await admin.Gateway.GetAsync(named.Headers.Location!.OriginalString)).JsonAsync();
        User(one).ShouldBe("jane.doe@example.com");
        User((await (await admin.Gateway.GetAsync("/v1/usage", (Header, "jane"))).JsonAsync())["tenant"]).ShouldBe("jane");

        var report = await admin.JsonAsync("/admin/usage?by=user");
        report["rows"]!.AsArray().Select(row => $"{User(row)} {row!["images"]}").ShouldBe([" 1", "jane.doe@example.com 1"]);
        report["totals"]!["images"]!.GetValue<int>().ShouldBe(2);
        using var csv = await admin.GetAsync("/admin/usage?by=user,tenant,day", ("Accept", "text/csv"));
        (await csv.TextAsync()).ShouldBe(
            "tenant,day,user,generations,images,usd\r\na,2026-11-22,,1,1,0.0030\r\na,2026-11-22,jane.doe@example.com,1,1,0.0030\r\n"
        );
        (await (await admin.Gateway.GetAsync("/metrics")).TextAsync()).ShouldNotContain("jane");
        foreach (var sent in admin.Gateway.Leonardo.Received)
            JsonSerializer.Serialize(sent).ShouldNotContain("jane");
    }

    [Theory]
    [InlineData("Jane Doe")]
    [InlineData("")]
    [InlineData("jane,john")]
    [InlineData("00000000000000000000000000000000000000000000000000000000000000000")]
    public async Task A_label_that_is_none_is_refused_before_anything_is_reserved(string label)
    {
        await using var admin = await AdminGateway.StartAsync();

        using var refused = await MakeAsync(admin, (Header, label));

        var problem = await refused.ProblemAsync(400, "validation");
        problem["errors"]![0]!["pointer"]!.GetValue<string>().ShouldBe("#/" + Header);
        problem["detail"]!.GetValue<string>().ShouldContain("A-Z a-z 0-9 . _ @ -");
        admin.Gateway.Leonardo.Stats.Creations.ShouldBe(0);
    }

    [Fact]
    public async Task Whose_request_it_is_makes_no_difference_to_a_repetition()
    {
        await using var admin = await AdminGateway.StartAsync();
        using var first = await MakeAsync(admin, (Header, "alice"), ("Idempotency-Key", "k"));
        using var again = await MakeAsync(admin, (Header, "bob"), ("Idempotency-Key", "k"));

        again.Header("idempotency-replayed").ShouldBe("true");
        (await admin.JsonAsync("/admin/usage?by=user"))["rows"]!.AsArray().Select(User).ShouldBe(["alice"]);
    }

    [Fact]
    public async Task OpenAIs_user_is_the_person_unless_the_header_names_one_and_MCP_has_the_header()
    {
        await using var admin = await AdminGateway.StartAsync();
        var gateway = admin.Gateway;
        foreach (var (user, headers) in ((string, (string, string)[])[])[("amy", []), ("ben", [(Header, "bob")]), ("not a label", [])])
            (await gateway.MakeImagesAsync(OpenAiCalls.Body("A cat", $"\"user\":\"{user}\""), headers)).EnsureSuccessStatusCode();
        await gateway.CallAsync("generate_image", McpHost.Prompt("A cat"), (Header, "mia"));
        using var refused = await gateway.PostAsync(OpenAiCalls.Body("A cat"), OpenAiCalls.ImagesPath, (Header, "no label"));

        (await refused.JsonAsync())["error"]!["param"]!.GetValue<string>().ShouldBe(Header);
        (await admin.JsonAsync("/admin/usage?by=user"))["rows"]!.AsArray().Select(User).ShouldBe([null, "amy", "bob", "mia"]);
    }

    [Fact]
    public async Task The_subject_of_a_JWT_is_the_person_if_the_header_names_none()
    {
        await using var gate = await OidcGate.StartAsync();
        (string, string) Token(string subject)
        {
            var claims = gate.Issuer.Claims();
            claims["sub"] = subject;
            return ("Authorization", "Bearer " + gate.Issuer.Token(claims));
        }
        async Task<string?> UserAsync(params (string, string)[] headers) =>
            User((await (await gate.Gateway.GetAsync("/v1/usage", headers)).JsonAsync())["tenant"]);

        (await UserAsync(Token("u-4711"))).ShouldBe("u-4711");
        (await UserAsync(Token("u-4711"), (Header, "alice"))).ShouldBe("alice");
        (await UserAsync(Token("auth0|4711"))).ShouldBeNull();
        (await UserAsync()).ShouldBeNull();
        (await gate.Gateway.PostAsync(GatewayApp.Guide, headers: Token("u-4711"))).EnsureSuccessStatusCode();
        var made = await (await gate.Gateway.GetAsync("/v1/generations", Token("u-1"))).JsonAsync();
        User(made["generations"]![0]).ShouldBe("u-4711");
    }

    [Fact]
    public async Task A_reservation_is_found_by_its_request_and_its_trace()
    {
        await using var admin = await AdminGateway.StartAsync();
        const string Trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        using var first = await MakeAsync(admin, ("X-Request-Id", "order-1"), (Header, "alice"));
        using var second = await MakeAsync(admin, ("X-Request-Id", "order-2"), ("traceparent", $"00-{Trace}-00f067aa0ba902b7-01"));
        admin.Gateway.Leonardo.ScriptNext("error-500");
        var unknown = await (await MakeAsync(admin, ("X-Request-Id", "order-3"))).ProblemAsync(502, "outcome-unknown");
        async Task<List<string>> FindAsync(string query) =>
            [
                .. (await admin.JsonAsync("/admin/generations?" + query))["generations"]!
                    .AsArray()
                    .Select(row => $"{row!["requestId"]} {User(row)}"),
            ];

        (await FindAsync("request=order-1")).ShouldBe(["order-1 alice"]);
        (await FindAsync("request=order-1&state=settled&tenant=a")).ShouldBe(["order-1 alice"]);
        (await FindAsync("request=order-1&tenant=b")).ShouldBeEmpty();
        (await FindAsync("request=order-1&state=held")).ShouldBeEmpty();
        (await FindAsync("request=order-3&state=held")).ShouldBe(["order-3 "]);
        (await FindAsync($"trace={Trace}")).ShouldBe(["order-2 "]);
        (await FindAsync($"trace={unknown["traceId"]}")).ShouldBe(["order-3 "]);
        (await FindAsync($"trace={Trace}&request=order-1")).ShouldBeEmpty();
        (await FindAsync("tenant=a")).Count.ShouldBe(3);
        await (await admin.GetAsync("/admin/generations?trace=zz&request=%20")).ProblemAsync(400, "validation");
    }

    private static Task<HttpResponseMessage> MakeAsync(AdminGateway admin, params (string, string)[] headers) =>
        admin.Gateway.PostAsync(
            """{"model":"flux-pro-2.0","parameters":{"prompt":"A cat wearing a hat","width":256,"height":256} }""",
            headers: headers
        );

    private static string? User(JsonNode? node) => node!["user"]?.GetValue<string>();
}
