using Gateway.Tests.Harness;
using Npgsql;

namespace Gateway.Tests.Campaign;

/// <summary>The server is killed or paused, or a gateway is paused, under load (T-G10).</summary>
public sealed class PostgreSqlOutageTests
{
    private const long ImagesPerDay = 2000;
    private const string Token = "0123456789abcdef0123456789abcdef";

    [Fact]
    public Task After_the_server_was_killed_and_restarted_nothing_is_lost() =>
        RunAsync(server => server.KillAsync(), server => server.RunAsync());

    [Fact]
    public Task While_the_server_is_paused_callers_are_refused_soon_and_nothing_is_lost() =>
        RunAsync(server => server.PauseAsync(), server => server.ContinueAsync());

    [Fact]
    public async Task A_gateway_paused_past_its_lease_sends_nothing_when_it_continues()
    {
        Tools.NeedPostgreSql();
        var server = await PostgreSqlServer.SharedAsync();
        var database = await server.CreateDatabaseAsync();
        await using var fleet = await StartAsync(database, replicas: 2);
        using var crowd = new Crowd(["free", "images"], () => fleet.Addresses, Random.Shared.Next());
        using var stop = new CancellationTokenSource();
        var load = crowd.RunAsync(16, stop.Token);
        for (var round = 0; round < 2; round++)
        {
            await crowd.IsServedAsync();
            await fleet[0].SignalAsync("STOP");
            await Eventually.HoldsAsync(() => IsTakenOverAsync(database), seconds: 120);
            (await fleet[1].Client.GetAsync("/health/ready", TestContext.Current.CancellationToken)).EnsureSuccessStatusCode();
            await fleet[0].SignalAsync("CONT");
        }
        await stop.CancelAsync();
        await load;
        var books = await crowd.MustHaveBeenServedExactlyAsync(fleet);
        books.ShouldNeverExceed("images", entry => entry.Images, ImagesPerDay);
        // The other gateway has taken over some requests of the paused one.
        books.Steps.ShouldContain(step => step.To == 'U');
    }

    [Fact]
    public async Task While_the_server_is_stopped_every_route_is_answered_503_and_never_500()
    {
        Tools.NeedPostgreSql();
        await using var server = await PostgreSqlServer.StartAsync();
        await using var fleet = await GatewayCluster.CreateAsync(
            [GatewayCluster.Tenant("free")],
            postgreSql: await server.CreateDatabaseAsync(),
            settings: ("Admin__TokenFile", "tokens")
        );
        await File.WriteAllTextAsync(Path.Combine(fleet.Folder, "tokens"), "olga " + Token, TestContext.Current.CancellationToken);
        await fleet.StartAsync();
        var id = await fleet[0].GenerateAsync("free");
        var answers = new StatusTally();
        // Held open across the outage.
        var waiting = SendAsync(HttpMethod.Get, $"/v1/generations/{await fleet[0].GenerateAsync("free")}", ("Prefer", "wait=2"));
        await server.KillAsync();

        for (var round = 0; round < 3; round++)
        {
            await SendAsync(HttpMethod.Get, $"/v1/generations/{id}");
            await SendAsync(HttpMethod.Get, $"/v1/generations/{id}", ("Prefer", "wait=1"));
            await SendAsync(HttpMethod.Get, $"/v1/generations/{id}", ("Accept", "text/event-stream"));
            await SendAsync(HttpMethod.Delete, $"/v1/generations/{id}");
            await SendAsync(HttpMethod.Get, $"/v1/generations/{id}/images/{id}");
            await SendAsync(HttpMethod.Get, "/v1/generations");
            await SendAsync(HttpMethod.Get, "/v1/usage");
            await SendAsync(HttpMethod.Post, "/v1/init-image");
            await SendAsync(HttpMethod.Get, $"/v1/init-image/{id}");
            await SendAsync(HttpMethod.Post, $"/v1/init-image/{id}/upload/token");
            foreach (var path in (string[])["/admin/tenants", "/admin/generations", "/admin/usage", "/admin/audit"])
                await SendAsync(HttpMethod.Get, path, ("Authorization", "Bearer " + Token));
        }
        await waiting;

        answers.Unexpected.ShouldBeEmpty(answers.ToString());
        answers.Count(503).ShouldBeGreaterThanOrEqualTo(3 * 14, answers.ToString());
        await server.RunAsync();
        await Outage.MustEndAsync(fleet[0]);

        async Task SendAsync(HttpMethod method, string path, params (string Name, string Value)[] headers)
        {
            using var request = new HttpRequestMessage(method, path);
            request.Headers.Add("X-Tenant-Id", "free");
            foreach (var (name, value) in headers)
                request.Headers.Add(name, value);
            if (method == HttpMethod.Post)
                request.Content = TwoTenants.Form(TwoTenants.Png, "cat.png");
            using var response = await fleet[0].Client.SendAsync(request, TestContext.Current.CancellationToken);
            await answers.AddAsync($"{method} {path.Replace(id, "id", StringComparison.Ordinal)}", response);
        }
    }

    private static async Task RunAsync(Func<PostgreSqlServer, Task> hit, Func<PostgreSqlServer, Task> restore)
    {
        Tools.NeedPostgreSql();
        await using var server = await PostgreSqlServer.StartAsync();
        await using var fleet = await StartAsync(await server.CreateDatabaseAsync(), replicas: 2);
        using var crowd = new Crowd(["free", "images"], () => fleet.Addresses, Random.Shared.Next());
        using var stop = new CancellationTokenSource();
        var load = crowd.RunAsync(8, stop.Token);
        for (var round = 0; round < 2; round++)
        {
            await crowd.IsServedAsync();
            await hit(server);
            for (var replica = 0; replica < 2; replica++)
                await Outage.MustShowAsync(fleet[replica]);
            await restore(server);
            for (var replica = 0; replica < 2; replica++)
                await Outage.MustEndAsync(fleet[replica]);
        }
        await stop.CancelAsync();
        await load;
        var books = await crowd.MustHaveBeenServedExactlyAsync(fleet);
        books.ShouldNeverExceed("images", entry => entry.Images, ImagesPerDay);
    }

    /// <summary>One gateway has a lease, and nothing of another one is open any more.</summary>
    private static async Task<bool> IsTakenOverAsync(string database)
    {
        const string Now = "extract(epoch from clock_timestamp()) * 1000000";
        await using var connection = new NpgsqlConnection(database + ";Pooling=False");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand(
            $"""
            select (select count(*) from instance where lease_until >= {Now}) = 1 and not exists (
              select from reservation r join instance i on i.id = r.instance where r.state in ('R', 'F') and i.lease_until < {Now})
            """,
            connection
        );
        return (bool)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }

    private static async Task<GatewayCluster> StartAsync(string database, int replicas)
    {
        var fleet = await GatewayCluster.CreateAsync(
            [GatewayCluster.Tenant("free"), GatewayCluster.Tenant("images", $$"""{ "imagesPerDay": {{ImagesPerDay}} }""")],
            replicas,
            database
        );
        await fleet.StartAsync();
        return fleet;
    }
}
