using System.Collections.Concurrent;
using Gateway.Storage;
using Gateway.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;
using static Gateway.Tests.Harness.TwoTenants;

namespace Gateway.Tests.Ledger;

/// <summary>A tenant whose every decision throws, and another one that must not notice it.</summary>
public sealed class FailedDecisionOverHttpTests
{
    [Fact]
    public async Task A_flood_of_requests_that_cannot_be_decided_fails_with_500_and_another_tenant_is_served()
    {
        await using var gateway = await TwoTenants.StartAsync();
        await gateway.BeginAsync(AsA);
        await MakeUndecidableAsync(gateway, "a");
        var (faulty, valid) = (new ConcurrentDictionary<string, int>(), new ConcurrentDictionary<string, int>());
        using var stop = new CancellationTokenSource();

        var flood = Enumerable
            .Range(0, 2)
            .Select(_ =>
                Task.Run(async () =>
                {
                    while (!stop.IsCancellationRequested)
                        await SendAsync(AsA, faulty);
                })
            )
            .ToList();
        await Task.WhenAll(
            Enumerable
                .Range(0, 2)
                .Select(_ =>
                    Task.Run(async () =>
                    {
                        for (var i = 0; i < 50; i++)
                            await SendAsync(AsB, valid);
                    })
                )
        );
        await stop.CancelAsync();
        await Task.WhenAll(flood);

        Tally(valid).ShouldBe("200: 100");
        faulty.Keys.ShouldBe(["500"], Tally(faulty));

        async Task SendAsync((string, string) tenant, ConcurrentDictionary<string, int> tally)
        {
            using var response = await gateway.PostAsync(GatewayApp.Guide, headers: tenant);
            tally.AddOrUpdate($"{(int)response.StatusCode}", 1, (_, n) => n + 1);
        }
    }

    [Fact]
    public async Task A_request_that_cannot_be_decided_is_answered_500_with_a_trace_id_on_every_route_that_asks_the_ledger()
    {
        await using var gateway = await TwoTenants.StartAsync();
        await gateway.BeginAsync(AsA);
        await MakeUndecidableAsync(gateway, "a");

        await (await gateway.PostAsync(GatewayApp.Guide, headers: AsA)).ProblemAsync(500, "internal");
        await (await gateway.PostAsync(GatewayApp.Guide, "/v2/generations/quote", AsA)).ProblemAsync(500, "internal");
        await (await gateway.GetAsync("/v1/usage", AsA)).ProblemAsync(500, "internal");

        (await gateway.GetAsync("/v1/usage", AsB)).EnsureSuccessStatusCode();
        (await gateway.GetAsync("/health/ready")).EnsureSuccessStatusCode();
    }

    private static string Tally(ConcurrentDictionary<string, int> tally) =>
        string.Join(", ", tally.OrderBy(one => one.Key, StringComparer.Ordinal).Select(one => $"{one.Key}: {one.Value}"));

    /// <summary>
    /// The last moment that .NET can express: when the tenant's minute would end cannot be computed, whatever it asks
    /// for.
    /// </summary>
    private static Task MakeUndecidableAsync(GatewayApp gateway, string tenant) =>
        gateway
            .Services.GetRequiredService<Database>()
            .WriteAsync(
                async (connection, transaction, cancellationToken) =>
                {
                    await using var command = connection.CreateCommand();
                    command.Transaction = transaction;
#pragma warning disable CA2100 // the test's own
                    command.CommandText = $"update reservation set reserved_at = 253402300799999999 where tenant = '{tenant}'";
#pragma warning restore CA2100
                    return await command.ExecuteNonQueryAsync(cancellationToken);
                },
                CancellationToken.None
            );
}
