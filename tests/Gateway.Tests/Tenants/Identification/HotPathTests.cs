using System.Net;
using Gateway.Edge;
using Gateway.Edge.Addresses;
using Gateway.Edge.Limits;
using Gateway.Edge.Rates;
using Gateway.Tenants;
using Gateway.Tenants.Identification;
using Gateway.Tests.Harness;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Tests.Tenants.Identification;

public sealed class HotPathTests
{
    [Fact]
    public async Task Identifying_a_caller_by_its_network_allocates_at_most_250_bytes()
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "tenants.json");
        var networks = string.Join(", ", Enumerable.Range(0, 200).Select(n => $"\"10.{n}.0.0/16\""));
        await File.WriteAllTextAsync(
            file,
            $$"""{ "tenants": [ { "id": "a", "identify": { "networks": [{{networks}}, "10.0.0.0/8"] } } ] }""",
            TestContext.Current.CancellationToken
        );
        using var directory = new TenantDirectory(file, null, false, TimeProvider.System, NullLogger<TenantDirectory>.Instance);
        var settings = new Settings(new ConfigurationBuilder().Build());
        var trustedProxies = TrustedProxies.Read(settings);
        var management = new ManagementOptions(null);
        using var anonymous = new AnonymousRequests(LimitOptions.Read(settings, fileLimit: null), trustedProxies, management);
        var identification = new IdentificationMiddleware(
            _ => Task.CompletedTask,
            directory,
            IdentificationOptions.Read(settings),
            trustedProxies,
            PublicUrl.Read(settings, trustedProxies, management),
            anonymous
        );
        var context = new DefaultHttpContext();
        context.SetEndpoint(new Endpoint(null, EndpointMetadataCollection.Empty, null));
        context.Connection.RemoteIpAddress = IPAddress.Parse("::ffff:10.7.1.2");
        context.Request.Host = new HostString("gateway.internal", 8080);
        Identify(1000);

        var before = GC.GetAllocatedBytesForCurrentThread();
        Identify(1000);
        var each = (GC.GetAllocatedBytesForCurrentThread() - before) / 1000;

        context.Features.Get<Caller>().ShouldNotBeNull().IdentifiedBy.ShouldBe("network");
        // A debug build makes every asynchronous method a class.
        each.ShouldBeLessThan(250);
        TestContext.Current.TestOutputHelper?.WriteLine($"{each} bytes");

        void Identify(int times)
        {
            for (var i = 0; i < times; i++)
                identification.InvokeAsync(context).IsCompletedSuccessfully.ShouldBeTrue();
        }
    }
}
