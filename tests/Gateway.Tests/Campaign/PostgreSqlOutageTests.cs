using Gateway.Tests.Harness;

namespace Gateway.Tests.Campaign;

/// <summary>The server is killed, or asleep, or a gateway is, while requests come in.</summary>
public sealed class PostgreSqlOutageTests
{
    private const long ImagesPerDay = 2000;

    [Fact]
    public Task Killed_and_started_again_the_server_is_found_again_and_nothing_is_lost() =>
        RunAsync(server => server.KillAsync(), server => server.RunAsync());

    [Fact]
    public Task Paused_the_server_holds_up_nobody_for_long_and_nothing_is_lost() =>
        RunAsync(server => server.PauseAsync(), server => server.ContinueAsync());

    [Fact]
    public async Task A_gateway_that_sleeps_past_its_lease_sends_nothing_when_it_wakes()
    {
        Tools.NeedPostgreSql();
        var server = await PostgreSqlServer.SharedAsync();
        await using var fleet = await StartAsync(await server.CreateDatabaseAsync(), replicas: 2);
        using var crowd = new Crowd(["free", "images"], () => fleet.Addresses, Random.Shared.Next());
        using var stop = new CancellationTokenSource();
        var load = crowd.RunAsync(16, stop.Token);
        for (var round = 0; round < 2; round++)
        {
            await crowd.IsServedAsync();
            await fleet[0].SignalAsync("STOP");
            // The lease is 3 s, and the other one clears up what it left within a heartbeat.
            await Task.Delay(TimeSpan.FromSeconds(4.5), TestContext.Current.CancellationToken);
            (await fleet[1].Client.GetAsync("/health/ready", TestContext.Current.CancellationToken)).EnsureSuccessStatusCode();
            await fleet[0].SignalAsync("CONT");
        }
        await stop.CancelAsync();
        await load;
        var books = await crowd.MustHaveBeenServedExactlyAsync(fleet);
        books.NeverHeldMoreThan("images", entry => entry.Images, ImagesPerDay);
        // What it was about has happened: some were taken from the sleeper.
        books.Steps.ShouldContain(step => step.To == 'U');
    }

    private static async Task RunAsync(Func<PostgreSqlServer, Task> hit, Func<PostgreSqlServer, Task> mend)
    {
        Tools.NeedPostgreSql();
        await using var server = await PostgreSqlServer.StartAsync();
        await using var fleet = await StartAsync(await server.CreateDatabaseAsync(), replicas: 1);
        using var crowd = new Crowd(["free", "images"], () => fleet.Addresses, Random.Shared.Next());
        using var stop = new CancellationTokenSource();
        var load = crowd.RunAsync(8, stop.Token);
        for (var round = 0; round < 2; round++)
        {
            await crowd.IsServedAsync();
            await hit(server);
            await Outage.MustShowAsync(fleet[0]);
            await mend(server);
            await Outage.MustEndAsync(fleet[0]);
        }
        await stop.CancelAsync();
        await load;
        var books = await crowd.MustHaveBeenServedExactlyAsync(fleet);
        books.NeverHeldMoreThan("images", entry => entry.Images, ImagesPerDay);
    }

    private static async Task<Fleet> StartAsync(string database, int replicas)
    {
        var fleet = await Fleet.CreateAsync(
            [Fleet.Tenant("free"), Fleet.Tenant("images", $$"""{ "imagesPerDay": {{ImagesPerDay}} }""")],
            replicas,
            database
        );
        await fleet.StartAsync();
        return fleet;
    }
}
