using System.Net;
using System.Text;
using Gateway.Edge.Problems;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Edge;

/// <summary>What applies to every request, on any route.</summary>
public sealed class EdgeTests(GatewayFixture fixture) : IClassFixture<GatewayFixture>
{
    private readonly GatewayApp _gateway = fixture.Gateway;

    [Theory]
    [InlineData("a")]
    [InlineData("Build-42_x.y")]
    public async Task A_well_formed_request_id_of_the_caller_is_kept(string id) =>
        (await _gateway.GetAsync("/v1/usage", ("X-Request-Id", id))).Headers.GetValues("X-Request-Id").ShouldBe([id]);

    [Theory]
    [InlineData("")]
    [InlineData("with space")]
    [InlineData("<script>")]
    public async Task A_malformed_request_id_is_replaced(string id)
    {
        var answered = (await _gateway.GetAsync("/v1/usage", ("X-Request-Id", id)))
            .Headers.GetValues("X-Request-Id")
            .ShouldHaveSingleItem();
        answered.ShouldNotBe(id);
        answered.Length.ShouldBe(32);
    }

    [Theory]
    [InlineData("/METRICS")]
    [InlineData("/Health/ready")]
    [InlineData("/Admin/tenants")]
    [InlineData("/%4DETRICS")]
    public async Task Operators_routes_exist_in_lower_case_only(string path) =>
        await (await _gateway.GetAsync(path)).ProblemAsync(404, "not-found");

    [Fact]
    public async Task A_request_id_of_129_characters_is_replaced() =>
        (await _gateway.GetAsync("/v1/usage", ("X-Request-Id", new string('x', 129))))
            .Headers.GetValues("X-Request-Id")
            .Single()
            .Length.ShouldBe(32);

    [Fact]
    public async Task A_traceparent_is_continued_in_the_problem_and_not_passed_on()
    {
        var answer = await _gateway.GetAsync("/nowhere", ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
        (await answer.ProblemAsync(404, "not-found"))["traceId"]!.GetValue<string>().ShouldBe("4bf92f3577b34da6a3ce929d0e0e4736");
    }

    [Theory]
    [InlineData("GET", "/")]
    [InlineData("GET", "/v1/me")]
    [InlineData("GET", "/v1/generations/user/6e0f6f36-3c3c-4c1e-9d3c-0123456789ab")]
    [InlineData("POST", "/v2/generationssync")]
    [InlineData("POST", "/v1/pricing-calculator")]
    [InlineData("GET", "/api/rest/v1/me")]
    [InlineData("GET", "/problems/no-such")]
    public async Task Nothing_else_of_the_upstream_is_reachable(string method, string path)
    {
        var answer = await _gateway.SendAsync(new HttpMethod(method), path, null);
        if (path != "/")
            await answer.ProblemAsync(404, "not-found");
        _gateway.Leonardo.Received.ShouldNotContain(request => request.Path.Contains("/me", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("PUT", "/v2/generations")]
    [InlineData("GET", "/v2/generations")]
    [InlineData("DELETE", "/v1/usage")]
    public async Task A_method_that_a_route_does_not_have_is_refused_with_405(string method, string path)
    {
        var answer = await _gateway.SendAsync(new HttpMethod(method), path, null);
        await answer.ProblemAsync(405, "method-not-allowed");
        answer.Content.Headers.Allow.ShouldNotBeEmpty();
    }

    [Theory]
    [InlineData("POST", "/v1/generations", "GET", "POST /v2/generations")]
    [InlineData("POST", "/api/rest/v1/generations", "GET", "POST /v2/generations")]
    [InlineData("POST", "/v1/generations/", "GET", "POST /v2/generations")]
    [InlineData("GET", "/v2/generations", "POST", "GET /v1/generations")]
    [InlineData("GET", "/api/rest/v2/generations", "POST", "GET /v1/generations")]
    public async Task A_route_that_Leonardo_has_with_another_method_names_the_right_one(
        string method,
        string path,
        string allowed,
        string right
    )
    {
        var content = method == "POST" ? new StringContent("""{"prompt":"A cat"}""", Encoding.UTF8, "application/json") : null;

        var answer = await _gateway.SendAsync(new HttpMethod(method), path, content);

        var detail = (await answer.ProblemAsync(405, "method-not-allowed"))["detail"]!.GetValue<string>();
        detail.ShouldContain($"Use {right}");
        detail.ShouldContain("Nothing was reserved or sent.");
        answer.Content.Headers.Allow.ShouldContain(allowed);
        answer.Content.Headers.Allow.ShouldNotContain(method);
    }

    [Fact]
    public async Task Every_problem_has_a_page_for_people_and_one_for_programs()
    {
        foreach (var type in ProblemTypes.All)
        {
            var json = await _gateway.GetAsync(type.Uri);
            json.StatusCode.ShouldBe(HttpStatusCode.OK);
            (await json.JsonAsync())["meaning"]!.GetValue<string>().ShouldBe(type.Meaning);
            var html = await _gateway.GetAsync(type.Uri, ("accept", "text/html,application/xhtml+xml;q=0.9"));
            html.Content.Headers.ContentType!.MediaType.ShouldBe("text/html");
            (await html.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldContain(type.Name);
        }
    }

    [Fact]
    public async Task Readiness_reports_the_store_the_tenants_the_upstream_and_the_watcher()
    {
        (await _gateway.GetAsync("/health/live")).StatusCode.ShouldBe(HttpStatusCode.OK);
        var ready = await _gateway.GetAsync("/health/ready");
        ready.StatusCode.ShouldBe(HttpStatusCode.OK);
        var checks = (await ready.JsonAsync())["checks"]!.AsObject();
        foreach (var name in new[] { "store", "tenants", "upstream", "watcher" })
            checks[name]!["status"]!.GetValue<string>().ShouldBe("ok", name);
        _gateway.Leonardo.Invoice.ShouldBeEmpty();
    }

    [Fact]
    public async Task No_answer_discloses_the_server() =>
        (await _gateway.GetAsync("/health/live")).Headers.Select(header => header.Key).ShouldNotContain("Server");
}
