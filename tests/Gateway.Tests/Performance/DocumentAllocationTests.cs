using System.Net;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Performance;

/// <summary>
/// What anybody may read costs next to nothing, however often (T-K2). Allocations stand for the work: to make the
/// OpenAPI document allocates megabytes, to render the metrics hundreds of kilobytes.
/// </summary>
public sealed class DocumentAllocationTests
{
    private const int Requests = 200;

    /// <summary>
    /// Kilobytes for each request. A debug build needs about 6, most of it for the request itself and its log event;
    /// with a document made for each request it is more than 3,000.
    /// </summary>
    private const double Bound = 16;

    [Theory]
    [InlineData("/swagger/v1/swagger.json")]
    [InlineData("/swagger/v1/swagger.json", "gzip, br")]
    [InlineData("/docs/api", "gzip")]
    [InlineData("/console/main.js", "br")]
    [InlineData("/metrics")]
    public async Task Reading_it_again_allocates_no_second_one(string path, string? encoding = null)
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["tenants.json"], TwoTenants.Tenants, TestContext.Current.CancellationToken);
        await using var gateway = await GatewayProcess.StartAsync(
            folder.Path,
            ("Leonardo__Simulator", "true"),
            ("Limits__AnonymousRequestsPerSecond", "0"),
            ("DOTNET_STARTUP_HOOKS", typeof(StartupHook).Assembly.Location),
            (StartupHook.File, folder["allocated"]),
            ("DOTNET_TieredCompilation", "0")
        );
        await ReadAsync(gateway, path, encoding, 20);
        var before = StartupHook.Read(folder["allocated"]).AllocatedBytes;
        await ReadAsync(gateway, path, encoding, Requests);
        var each = (StartupHook.Read(folder["allocated"]).AllocatedBytes - before) / 1024.0 / Requests;

        TestContext.Current.TestOutputHelper!.WriteLine(FormattableString.Invariant($"{path}: {each:0.0} KB"));
        each.ShouldBeLessThan(Bound);
    }

    private static async Task ReadAsync(GatewayProcess gateway, string path, string? encoding, int times)
    {
        for (var i = 0; i < times; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            if (encoding is not null)
                request.Headers.TryAddWithoutValidation("Accept-Encoding", encoding);
            using var answer = await gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
            answer.StatusCode.ShouldBe(HttpStatusCode.OK);
            await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        }
    }
}
