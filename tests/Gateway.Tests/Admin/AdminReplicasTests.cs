using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Gateway.Tests.Deploy;
using Gateway.Tests.Harness;
using Leonardo.Simulator;
using Npgsql;

namespace Gateway.Tests.Admin;

/// <summary>A change made at one replica applies to all of them, and is in a backup.</summary>
public sealed class AdminReplicasTests
{
    private const string Token = "a-token-for-the-operator";

    [Fact]
    public async Task On_PostgreSQL_a_change_applies_to_every_replica_and_is_in_a_backup()
    {
        Tools.NeedPostgreSql();
        var server = await PostgreSqlServer.SharedAsync();
        var connection = await server.CreateDatabaseAsync();
        await using var leonardo = await LeonardoSimulator.StartAsync(cancellationToken: TestContext.Current.CancellationToken);
        using var temporary = new TemporaryFolder();
        var folder = temporary.Path;
        await File.WriteAllTextAsync(Path.Combine(folder, "tokens"), "olga " + Token, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(
            Path.Combine(folder, "tenants.json"),
            """{ "tenants": [ { "id": "team", "identify": { "networks": ["127.0.0.0/8"] }, "quota": { "imagesPerDay": 1 } } ] }""",
            TestContext.Current.CancellationToken
        );
        (string, string)[] Settings(string store) =>
            [
                ("Leonardo__ApiKey", leonardo.Key),
                ("Leonardo__BaseUrl", leonardo.BaseUrl.AbsoluteUri),
                ("Storage__Engine", "PostgreSql"),
                ("Storage__ConnectionString", store),
                ("Admin__TokenFile", "tokens"),
            ];
        await using (var one = await GatewayProcess.StartAsync(folder, Settings(connection)))
        await using (var other = await GatewayProcess.StartAsync(folder, Settings(connection)))
        {
            (await GenerateAsync(one)).ShouldBe(HttpStatusCode.OK);
            (await GenerateAsync(other)).ShouldBe(HttpStatusCode.TooManyRequests);
            await PostAsync(one, "/admin/tenants/team/grants", """{"quota":"imagesPerDay","amount":1,"reason":"one more"}""");
            (await GenerateAsync(other)).ShouldBe(HttpStatusCode.OK, "the grant applies at once on every replica");
            (await GenerateAsync(one)).ShouldBe(HttpStatusCode.TooManyRequests);

            await PostAsync(one, "/admin/tenants/team/suspend", """{"reason":"a test"}""");
            await Eventually.HoldsAsync(async () => await GenerateAsync(other) == HttpStatusCode.Forbidden);
            await PostAsync(other, "/admin/tenants/team/resume", """{"reason":"over"}""");
            await Eventually.HoldsAsync(async () => await GenerateAsync(one) == HttpStatusCode.TooManyRequests);
            var trail = await GetAsync(one, "/admin/audit");
            trail["unbroken"]!.GetValue<bool>().ShouldBeTrue();
            trail["lines"]!.AsArray().Count.ShouldBe(3);
            (await GetAsync(one, "/admin/generations?state=settled"))["generations"]!.AsArray().Count.ShouldBe(2);
        }

        var backup = Path.Combine(folder, "backup");
        var saved = await DeployFilesTests.RunAsync(Repository.Path("deploy/backup.sh"), "postgresql", Uri(connection), backup);
        saved.Exit.ShouldBe(0, saved.Output);
        var empty = await server.CreateDatabaseAsync();
        var restored = await DeployFilesTests.RunAsync(Repository.Path("deploy/restore.sh"), "postgresql", backup, Uri(empty));
        restored.Exit.ShouldBe(0, restored.Output);
        await using var again = await GatewayProcess.StartAsync(folder, Settings(empty));
        (await GenerateAsync(again)).ShouldBe(HttpStatusCode.TooManyRequests);
        (await GetAsync(again, "/admin/audit"))["lines"]!.AsArray().Count.ShouldBe(3);
        (await GetAsync(again, "/admin/usage"))["totals"]!["images"]!.GetValue<int>().ShouldBe(2);
    }

    private static string Uri(string connection)
    {
        var parts = new NpgsqlConnectionStringBuilder(connection);
        return $"postgresql://{parts.Username}@{parts.Host}:{parts.Port}/{parts.Database}";
    }

    private static async Task<HttpStatusCode> GenerateAsync(GatewayProcess gateway)
    {
        using var content = new StringContent(GatewayApp.Guide, null, "application/json");
        return (await gateway.Client.PostAsync("/v2/generations", content, TestContext.Current.CancellationToken)).StatusCode;
    }

    private static async Task PostAsync(GatewayProcess gateway, string path, string body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = new StringContent(body, null, "application/json"),
            Headers = { Authorization = new AuthenticationHeaderValue("Bearer", Token) },
        };
        (await gateway.Client.SendAsync(request, TestContext.Current.CancellationToken)).StatusCode.ShouldBe(HttpStatusCode.OK, path);
    }

    private static async Task<JsonNode> GetAsync(GatewayProcess gateway, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path)
        {
            Headers = { Authorization = new AuthenticationHeaderValue("Bearer", Token) },
        };
        var answer = await gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, path);
        return await answer.JsonAsync();
    }
}
