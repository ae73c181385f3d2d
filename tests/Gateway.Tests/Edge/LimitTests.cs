using System.Net;
using Gateway.Edge;
using Gateway.Edge.Limits;
using Gateway.Tests.Harness;
using Microsoft.Extensions.Configuration;

namespace Gateway.Tests.Edge;

/// <summary>The request rate of one address, which applies before identification.</summary>
public sealed class LimitTests
{
    [Fact]
    public async Task Too_many_requests_from_one_address_are_refused_until_the_rate_allows_them()
    {
        await using var gateway = await GatewayApp.StartAsync(settings: ("Limits:RequestsPerSecond", "5"));
        var refused = await FirstRefusalAsync(gateway);
        var problem = await refused.ProblemAsync(429, "quota-exceeded");
        problem["violated-policies"]!.ToJsonString().ShouldBe("""["requests-per-address"]""");
        refused.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(1));
        gateway.Leonardo.Received.ShouldBeEmpty();

        await Eventually.HoldsAsync(async () => (await gateway.GetAsync("/problems")).StatusCode == HttpStatusCode.OK);
    }

    [Fact]
    public async Task Requests_with_bad_credentials_count_towards_the_rate()
    {
        await using var gateway = await GatewayApp.StartAsync(settings: ("Limits:RequestsPerSecond", "5"));
        (await FirstRefusalAsync(gateway, ("Authorization", "Bearer wrong"))).StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
    }

    [Fact]
    public async Task Behind_a_trusted_proxy_each_caller_has_its_own_rate()
    {
        await using var gateway = await GatewayApp.StartAsync(
            settings: [("Limits:RequestsPerSecond", "5"), ("Identification:TrustedProxies", "127.0.0.1")]
        );
        await FirstRefusalAsync(gateway, ("X-Forwarded-For", "10.0.0.1"));
        (await gateway.GetAsync("/problems", ("X-Forwarded-For", "10.0.0.2"))).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_forwarded_address_from_an_untrusted_peer_is_ignored()
    {
        await using var gateway = await GatewayApp.StartAsync(settings: ("Limits:RequestsPerSecond", "5"));
        await FirstRefusalAsync(gateway);
        (await gateway.GetAsync("/problems", ("X-Forwarded-For", "10.0.0.2"))).StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
    }

    [Fact]
    public async Task Health_and_metrics_have_no_rate()
    {
        await using var gateway = await GatewayApp.StartAsync(
            settings: [("Limits:RequestsPerSecond", "1"), ("Limits:AnonymousRequestsPerSecond", "1")]
        );
        await FirstRefusalAsync(gateway);
        foreach (var path in (string[])["/health/live", "/health/ready", "/metrics"])
        {
            for (var sent = 0; sent < 20; sent++)
                (await gateway.GetAsync(path)).StatusCode.ShouldBe(HttpStatusCode.OK, path);
        }
    }

    [Fact]
    public void Every_invalid_limit_is_reported()
    {
        var settings = new Settings(
            new ConfigurationBuilder()
                .AddInMemoryCollection(
                    new Dictionary<string, string?>(StringComparer.Ordinal)
                    {
                        ["Limits:Connections"] = "0",
                        ["Limits:RequestsPerSecond"] = "-1",
                        ["Limits:AnonymousRequestsPerSecond"] = "many",
                        ["Limits:HeadersTimeout"] = "soon",
                        ["Limits:GracePeriod"] = "00:00:01",
                    }
                )
                .Build()
        );
        LimitOptions.Read(settings, fileLimit: null);
        settings
            .Errors.Select(error => error.Split(' ')[0])
            .ShouldBe([
                "Limits:Connections:",
                "Limits:HeadersTimeout:",
                "Limits:GracePeriod:",
                "Limits:RequestsPerSecond:",
                "Limits:AnonymousRequestsPerSecond:",
            ]);
    }

    private static async Task<HttpResponseMessage> FirstRefusalAsync(GatewayApp gateway, params (string, string)[] headers)
    {
        for (var sent = 0; sent < 1000; sent++)
        {
            var answer = await gateway.GetAsync(headers is [("Authorization", _)] ? "/v2/models" : "/problems", headers);
            if (answer.StatusCode == HttpStatusCode.TooManyRequests)
                return answer;
        }
        throw new InvalidOperationException("none of 1000 requests was refused");
    }
}
