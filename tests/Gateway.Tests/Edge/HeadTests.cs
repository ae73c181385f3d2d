using System.Net;
using Gateway.Tests.Harness;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Edge;

/// <summary>HEAD works wherever GET does, and never waits.</summary>
public sealed class HeadTests : IAsyncLifetime
{
    private GatewayApp _gateway = null!;

    public async ValueTask InitializeAsync() => _gateway = await TwoTenants.StartAsync();

    public ValueTask DisposeAsync() => _gateway.DisposeAsync();

    [Fact]
    public void Every_route_for_GET_takes_HEAD() =>
        _gateway
            .Services.GetRequiredService<EndpointDataSource>()
            .Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint =>
                endpoint.Metadata.GetMetadata<IHttpMethodMetadata>() is { HttpMethods: { Count: > 0 } methods }
                && methods.Contains("GET")
                && !methods.Contains("HEAD")
            )
            .Select(endpoint => endpoint.RoutePattern.RawText)
            .ShouldBeEmpty();

    [Theory]
    [InlineData("/v1/usage")]
    [InlineData("/api/rest/v1/usage")]
    [InlineData("/v2/models")]
    [InlineData("/v1/generations")]
    [InlineData("/v1/generations/1f0c6c1e-5d3a-4a10-8f4e-2b7d1c9e0a53")]
    [InlineData("/v1/init-image/1f0c6c1e-5d3a-4a10-8f4e-2b7d1c9e0a53")]
    [InlineData("/admin/tenants")]
    [InlineData("/health/live")]
    [InlineData("/health/ready")]
    [InlineData("/metrics")]
    [InlineData("/docs")]
    [InlineData("/problems")]
    [InlineData("/problems/not-found")]
    [InlineData("/")]
    public async Task HEAD_answers_as_GET_without_a_body(string path)
    {
        using var get = await _gateway.SendAsync(HttpMethod.Get, path, null, TwoTenants.AsA);
        using var head = await _gateway.SendAsync(HttpMethod.Head, path, null, TwoTenants.AsA);

        head.StatusCode.ShouldBe(get.StatusCode);
        head.Content.Headers.ContentType.ShouldBe(get.Content.Headers.ContentType);
        (await head.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("Prefer", "wait=60")]
    [InlineData("Accept", "text/event-stream")]
    public async Task HEAD_of_a_running_generation_waits_for_nothing(string name, string value)
    {
        var id = await _gateway.BeginAsync(TwoTenants.AsA, "[sim:job-forever]");

        // Time stands still: a wait would not end.
        using var head = await _gateway.SendAsync(HttpMethod.Head, $"/v1/generations/{id}", null, TwoTenants.AsA, (name, value));

        head.StatusCode.ShouldBe(HttpStatusCode.OK);
        head.Content.Headers.ContentType!.MediaType.ShouldBe("application/json");
    }
}
