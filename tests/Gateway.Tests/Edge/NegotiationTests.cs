using System.Net;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Edge;

/// <summary>406 for an <c>Accept</c> that excludes what the route answers with, and for no other.</summary>
public sealed class NegotiationTests(GatewayFixture fixture) : IClassFixture<GatewayFixture>
{
    private readonly GatewayApp _gateway = fixture.Gateway;

    [Theory]
    [InlineData("*/*")]
    [InlineData("application/json")]
    [InlineData("APPLICATION/JSON")]
    [InlineData("application/*")]
    [InlineData("application/json;charset=utf-8")]
    [InlineData("application/json;q=0.1, text/html")]
    [InlineData("application/problem+json")]
    [InlineData("text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8")]
    [InlineData("text/*, */*;q=0.1")]
    [InlineData("nonsense")]
    [InlineData("")]
    public async Task An_Accept_header_that_admits_JSON_or_cannot_be_parsed_is_answered(string accept)
    {
        (await _gateway.GetAsync("/v2/models", ("Accept", accept))).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await _gateway.PostAsync(GatewayApp.Guide, "/v2/generations/quote", ("Accept", accept))).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("text/html")]
    [InlineData("text/*")]
    [InlineData("image/png, text/event-stream")]
    [InlineData("application/xml")]
    [InlineData("application/jsonp")]
    [InlineData("application/json;q=0")]
    [InlineData("*/*;q=0")]
    [InlineData("*/*, application/json;q=0, application/problem+json;q=0")]
    public async Task An_Accept_header_that_excludes_JSON_is_refused_and_nothing_is_sent(string accept)
    {
        var before = _gateway.Leonardo.Received.Count;
        await (await _gateway.PostAsync(GatewayApp.Guide, headers: ("Accept", accept))).ProblemAsync(406, "not-acceptable");
        await (await _gateway.GetAsync("/v2/models", ("Accept", accept))).ProblemAsync(406, "not-acceptable");
        _gateway.Leonardo.Received.Count.ShouldBe(before);
    }

    [Theory]
    [InlineData("/problems/validation", "text/html", 200)]
    [InlineData("/swagger/index.html", "text/html", 200)]
    [InlineData("/health/live", "text/plain", 200)]
    [InlineData("/nowhere", "text/html", 404)]
    public async Task Routes_that_declare_no_media_type_ignore_Accept(string path, string accept, int status) =>
        ((int)(await _gateway.GetAsync(path, ("Accept", accept))).StatusCode).ShouldBe(status);
}
