using System.Net;
using Gateway.Tenants;
using Gateway.Tenants.Identification;
using Gateway.Tests.Harness;
using Microsoft.AspNetCore.Hosting;

namespace Gateway.Tests.Tenants.Identification;

public sealed class IdentificationTests
{
    private const string Loopback =
        """{ "tenants": [ { "id": "v4", "identify": { "networks": ["127.0.0.0/24"] } }, { "id": "v6", "identify": { "networks": ["::1/128"] } } ] }""";

    [Fact]
    public async Task A_401_says_what_the_gateway_saw_and_what_the_operator_can_change()
    {
        await using var host = await TenantsHost.Start(Loopback);

        var reply = await host.AskRaw("127.0.9.9");

        reply.Status.ShouldBe(401);
        var detail = reply.Json["detail"]!.GetValue<string>();
        detail.ShouldContain("127.0.9.9");
        detail.ShouldContain("no token, client certificate or trusted X-Tenant-Id");
        detail.ShouldContain("identify.networks");
    }

    [Fact]
    public async Task An_unidentified_caller_reaches_only_anonymous_routes()
    {
        await using var host = await TenantsHost.Start(Loopback);
        var unknown = IPAddress.Parse("127.0.9.9");

        (await host.AskRaw(unknown, "/open")).Status.ShouldBe(200);
        (await host.AskRaw(unknown, "/open", "Authorization: Bearer nonsense", "X-Tenant-Id: v4")).Status.ShouldBe(200);
        (await host.AskRaw(unknown, "/nowhere")).Status.ShouldBe(404);
        (await host.AskRaw(unknown, "/who")).Status.ShouldBe(401);
        (await host.AskRaw(unknown, "/WHO/")).Status.ShouldBe(401);
        (await host.AskRaw(unknown, "/open/../who")).Status.ShouldBe(401);
    }

    [Fact]
    public async Task On_a_dual_stack_listener_an_IPv4_caller_is_identified_by_its_IPv4_address()
    {
        await using var host = await TenantsHost.Start(Loopback, listen: web => web.UseUrls("http://[::]:0"));

        (await host.AskRaw(IPAddress.Parse("127.0.0.5"), "/who")).Outcome.ShouldBe("v4 by network");
        (await host.AskRaw(IPAddress.Parse("127.0.1.5"), "/who")).Body.ShouldContain("from 127.0.1.5");
        (await host.AskRaw(IPAddress.IPv6Loopback, "/who")).Outcome.ShouldBe("v6 by network");
    }

    [Fact]
    public async Task An_untrusted_tenant_header_is_logged()
    {
        await using var host = await TenantsHost.Start(Loopback);

        await host.AskRaw("127.0.0.5", "X-Tenant-Id: v4\u2028forged");

        host.Log.All.ShouldContain(line =>
            line.StartsWith("Warning: untrusted tenant header from", StringComparison.Ordinal)
            && line.Contains("127.0.0.5", StringComparison.Ordinal)
        );
        host.Log.All.ShouldNotContain(line => line.Contains("forged", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_request_log_has_the_tenant_and_how_it_was_identified()
    {
        await using var host = await TenantsHost.Start(Loopback);

        (await host.AskRaw("127.0.0.5")).Outcome.ShouldBe("v4 by network");

        await Eventually.HoldsAsync(() => host.Log.All.Any(line => line.Contains("Tenant=\"v4\"", StringComparison.Ordinal)));
        host.Log.All.ShouldContain(line => line.Contains("IdentifiedBy=\"network\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_suspended_tenant_is_refused_until_it_is_resumed()
    {
        await using var host = await TenantsHost.Start(Loopback);

        host.Directory.SetSuspended(["v4"]);
        var refused = await host.AskRaw("127.0.0.5");
        refused.Status.ShouldBe(403);
        refused.Json["type"]!.GetValue<string>().ShouldBe("/problems/suspended");

        host.Directory.SetSuspended([]);
        (await host.AskRaw("127.0.0.5")).Outcome.ShouldBe("v4 by network");
    }

    [Fact]
    public async Task The_tenant_header_may_have_another_name()
    {
        await using var host = await TenantsHost.Start(
            """{ "tenants": [ { "id": "h", "identify": { "header": true } }, { "id": "net", "identify": { "networks": ["127.0.0.0/24"] } } ] }""",
            new() { ["Identification:TrustedProxies"] = "127.0.0.99", ["Identification:Header"] = "X-Team" }
        );

        (await host.AskRaw("127.0.0.99", "X-Team: h")).Outcome.ShouldBe("h by header");
        (await host.AskRaw("127.0.0.99", "X_Team: h")).Outcome.ShouldBe("401");
        (await host.AskRaw("127.0.0.5", "X-Team: h")).Outcome.ShouldBe("401");
        (await host.AskRaw("127.0.0.5", "X-Tenant-Id: h")).Outcome.ShouldBe("net by network", "that header then says nothing");
    }
}
