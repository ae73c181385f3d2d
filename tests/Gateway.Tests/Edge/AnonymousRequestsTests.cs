using System.Diagnostics;
using System.Net;
using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;

namespace Gateway.Tests.Edge;

/// <summary>
/// Requests without a tenant are limited for each address; tenants at the same address are not (T-K2, T-K11).
/// </summary>
public sealed class AnonymousRequestsTests
{
    private static readonly (string, string) Rate = ("Limits:AnonymousRequestsPerSecond", "5");

    [Theory]
    [InlineData("/")]
    [InlineData("/console/main.js")]
    [InlineData("/swagger/v1/swagger.json")]
    [InlineData("/swagger/index.html")]
    [InlineData("/docs")]
    [InlineData("/problems")]
    [InlineData("/no/such/route")]
    [InlineData("/v1/usage")]
    [InlineData("/v2/models")]
    [InlineData("/admin/tenants")]
    public async Task Too_many_requests_without_a_tenant_are_refused_until_the_rate_allows_them(string path)
    {
        await using var gateway = await TwoTenants.StartAsync(settings: Rate);
        var answers = new List<HttpResponseMessage>();
        for (var sent = 0; sent < 60 && answers is not [.., { StatusCode: HttpStatusCode.TooManyRequests }]; sent++)
            answers.Add(await gateway.GetAsync(path));

        answers.Count.ShouldBeGreaterThan(10, "ten at once are allowed");
        var problem = await answers[^1].ProblemAsync(429, "quota-exceeded");
        problem["violated-policies"]!.ToJsonString().ShouldBe("""["requests-per-address"]""");
        answers[^1].Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(1));
        // A caller that is identified is served, at the same address and at the same time.
        for (var sent = 0; sent < 20; sent++)
            (await gateway.GetAsync("/v1/usage", TwoTenants.AsA)).StatusCode.ShouldBe(HttpStatusCode.OK);
        await Eventually.HoldsAsync(async () => (await gateway.GetAsync(path)).StatusCode != HttpStatusCode.TooManyRequests);
    }

    /// <summary>A caller in a loop does not use up the CPU with its refusals.</summary>
    [Fact]
    public async Task A_refusal_beyond_the_rate_is_held_back()
    {
        await using var gateway = await TwoTenants.StartAsync(settings: Rate);
        var took = TimeSpan.Zero;
        await RefusedAsync(async () =>
        {
            var began = Stopwatch.GetTimestamp();
            var answer = await gateway.GetAsync("/problems");
            took = Stopwatch.GetElapsedTime(began);
            return answer;
        });
        took.ShouldBeGreaterThanOrEqualTo(TimeSpan.FromMilliseconds(90));
    }

    [Fact]
    public async Task Another_address_is_not_affected()
    {
        await using var gateway = await TwoTenants.StartAsync(settings: Rate);
        await RefusedAsync(() => gateway.GetRawAsync("127.0.0.2", "/problems"));
        (await gateway.GetRawAsync("127.0.0.3", "/problems")).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_credential_that_is_not_valid_is_refused_with_its_reason_until_there_are_too_many()
    {
        await using var gateway = await TwoTenants.StartAsync(settings: Rate);
        await (await gateway.GetAsync("/v1/usage", ("Authorization", "Bearer wrong"))).ShouldAskForATokenAsync();
        await RefusedAsync(() => gateway.GetAsync("/v1/usage", ("Authorization", "Bearer wrong")));
    }

    [Fact]
    public async Task Operators_are_not_limited_by_what_others_send_from_their_address()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["tokens"], "a-token-for-the-operator", TestContext.Current.CancellationToken);
        await using var gateway = await TwoTenants.StartAsync(settings: [Rate, ("Admin:TokenFile", folder["tokens"])]);
        for (var sent = 0; sent < 20; sent++)
            await gateway.GetAsync("/problems");
        for (var sent = 0; sent < 20; sent++)
        {
            var answer = await gateway.GetAsync("/admin/tenants", ("Authorization", "Bearer a-token-for-the-operator"));
            answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        }
    }

    [Fact]
    public async Task On_the_management_port_nothing_is_limited()
    {
        var port = Ports.Free();
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["tenants.json"], TwoTenants.Tenants, TestContext.Current.CancellationToken);
        await using var gateway = await GatewayProcess.StartAsync(
            folder.Path,
            ("Leonardo__Simulator", "true"),
            ("Limits__AnonymousRequestsPerSecond", "1"),
            ("Limits__RequestsPerSecond", "1"),
            ("Management__Port", $"{port}")
        );
        using var management = SecretScanningHandler.CreateClient(new Uri($"http://127.0.0.1:{port}"));
        for (var sent = 0; sent < 20; sent++)
        {
            foreach (var path in (string[])["/", "/problems", "/metrics"])
                (await management.GetAsync(path, TestContext.Current.CancellationToken)).StatusCode.ShouldBe(HttpStatusCode.OK, path);
        }
    }

    /// <summary>Sends until a request is refused with 429: held back, refusals are slower than the rate.</summary>
    private static async Task RefusedAsync(Func<Task<HttpResponseMessage>> sendAsync)
    {
        for (var sent = 0; sent < 200; sent++)
        {
            var answer = await sendAsync();
            if (answer.StatusCode != HttpStatusCode.TooManyRequests)
                continue;
            await answer.ProblemAsync(429, "quota-exceeded");
            return;
        }
        throw new InvalidOperationException("none of 200 requests was refused");
    }
}
