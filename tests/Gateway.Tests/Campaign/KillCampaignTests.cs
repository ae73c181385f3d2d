using System.Globalization;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Campaign;

/// <summary>Short here; as long as <c>CAMPAIGN_ROUNDS</c> says by <c>tests/kill-campaign.sh</c>.</summary>
public sealed class KillCampaignTests
{
    private static int Rounds => int.Parse(Environment.GetEnvironmentVariable("CAMPAIGN_ROUNDS") ?? "3", CultureInfo.InvariantCulture);

    [Fact]
    public Task After_kills_at_random_moments_ledger_and_invoice_agree_on_SQLite() =>
        RunAsync(replicas: 1, () => Task.FromResult<string?>(null));

    [Fact]
    public Task After_kills_at_random_moments_ledger_and_invoice_agree_on_PostgreSQL()
    {
        Tools.NeedPostgreSql();
        return RunAsync(replicas: 2, async () => await (await PostgreSqlServer.SharedAsync()).CreateDatabaseAsync());
    }

    private static async Task RunAsync(int replicas, Func<Task<string?>> database)
    {
        // The simulator's invoice keeps the last 50,000 requests: a long campaign is split, each part with its own
        // store.
        for (var left = Rounds; left > 0; left -= 100)
        {
            var campaign = new KillCampaign(Math.Min(left, 100), replicas, await database());
            Console.WriteLine(await campaign.RunAsync());
        }
    }
}
