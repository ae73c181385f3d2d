using System.Text.RegularExpressions;
using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;

namespace Gateway.Tests.Edge;

/// <summary>Refusals of callers that nobody knows do not fill the log (T-J6, T-K11).</summary>
public sealed partial class RefusalLogTests
{
    [Fact]
    public async Task The_first_refusals_of_an_address_are_logged_one_by_one_and_the_others_are_summed_up()
    {
        var log = new TestLog();
        await using var gateway = await GatewayApp.StartAsync(TwoTenants.Tenants, log: log, settings: ("Logging:Level", "Information"));
        for (var sent = 0; sent < 50; sent++)
            await gateway.GetRawAsync("127.0.0.2", "/v1/usage");
        for (var sent = 0; sent < 7; sent++)
            await gateway.GetRawAsync("127.0.0.3", "/no/such/route");
        await gateway.GetRawAsync("127.0.0.4", "/v1/usage");

        Count(log, " 401 in").ShouldBe(5 + 1);
        Count(log, " 404 in").ShouldBe(5);
        gateway.Time.Advance(TimeSpan.FromSeconds(10));
        await Eventually.HoldsAsync(() => Count(log, "more requests") == 2);
        log.Lines.ShouldContain(line =>
            line.Contains("45 more requests from 127.0.0.2 were refused (unidentified) in the last 10 s", StringComparison.Ordinal)
        );
        log.Lines.ShouldContain(line =>
            line.Contains("2 more requests from 127.0.0.3 were refused (not-found) in the last 10 s", StringComparison.Ordinal)
        );

        await gateway.GetRawAsync("127.0.0.2", "/v1/usage");
        Count(log, " 401 in").ShouldBe(7);
    }

    [Fact]
    public async Task An_untrusted_tenant_header_is_not_logged_for_each_request()
    {
        var log = new TestLog();
        await using var gateway = await GatewayApp.StartAsync(log: log, settings: ("Logging:Level", "Information"));
        for (var sent = 0; sent < 30; sent++)
            await gateway.GetRawAsync("127.0.0.2", "/v1/usage", "X-Tenant-Id: team");
        Count(log, "untrusted tenant header from").ShouldBe(5);
    }

    [Fact]
    public async Task A_tenants_refusals_are_logged_each()
    {
        var log = new TestLog();
        await using var gateway = await GatewayApp.StartAsync(log: log, settings: ("Logging:Level", "Information"));
        for (var sent = 0; sent < 30; sent++)
            await gateway.PostAsync("{}");
        Count(log, " 400 in").ShouldBe(30);
    }

    [Fact]
    public async Task One_client_that_is_refused_all_the_time_writes_a_few_kilobytes()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["tenants.json"], TwoTenants.Tenants, TestContext.Current.CancellationToken);
        // As fast as it can: the rate would slow it down.
        await using var gateway = await GatewayProcess.StartAsync(
            folder.Path,
            ("Leonardo__Simulator", "true"),
            ("Limits__AnonymousRequestsPerSecond", "0")
        );
        var before = gateway.Output.Length;
        for (var sent = 0; sent < 3000; sent++)
            (await gateway.Client.GetAsync("/v1/usage", TestContext.Current.CancellationToken)).Dispose();
        await gateway.StopAsync();
        (gateway.Output.Length - before).ShouldBeLessThan(20_000);
        // Every one of them is in a line of its own or in a sum.
        var single = Single().Count(gateway.Output);
        var summed = Sum()
            .Matches(gateway.Output)
            .Sum(sum => int.Parse(sum.Groups["count"].ValueSpan, System.Globalization.CultureInfo.InvariantCulture));
        (single + summed).ShouldBe(3000);
    }

    private static int Count(TestLog log, string text) => log.Lines.Count(line => line.Contains(text, StringComparison.Ordinal));

    [GeneratedRegex("/v1/usage 401 in", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Single();

    [GeneratedRegex("\"@m\":\"(?<count>[0-9]+) more requests", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Sum();
}
