using System.Text.Json.Nodes;
using Gateway.Storage;
using Gateway.Tests.Admin;
using Gateway.Tests.Harness;
using Gateway.Tests.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Gateway.Tests.Cli;

/// <summary><c>gateway migrate</c>: a SQLite store made by real traffic becomes the same store on PostgreSQL.</summary>
public sealed class MigrateTests : IDisposable
{
    private static readonly string[] Operator =
    [
        "/admin/usage?by=tenant,day",
        "/admin/audit",
        "/admin/generations?state=settled",
        "/admin/generations?state=unknown",
        "/admin/generations?state=released",
        "/admin/tenants/a",
    ];

    private readonly TemporaryFolder _folder = new();

    private string Store => _folder["data/gateway.db"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_migrated_store_gives_the_same_answers_and_the_gateway_goes_on_with_it()
    {
        Tools.NeedPostgreSql();
        await using var simulator = await SimulatorProcess.StartAsync();
        (string, string)[] settings = [.. simulator.Settings, .. await WriteFilesAsync()];
        Dictionary<string, string> before;
        string image;
        await using (var gateway = await GatewayProcess.StartAsync(_folder.Path, settings))
        {
            image = await UseAsync(gateway);
            before = await AnswersAsync(gateway);
            var inUse = await MigrateAsync("Host=127.0.0.1;Port=1");
            inUse.ExitCode.ShouldBe(3, inUse.Output);
            inUse.Output.ShouldContain("Stop it");
            await gateway.StopAsync();
        }
        var store = new StoreTables(Store);
        store.FillEmpty();
        var target = await CreateTargetAsync();

        var migrated = await MigrateAsync(target);

        migrated.ExitCode.ShouldBe(0, migrated.Output);
        foreach (var table in store.Names)
        {
            var rows = await StoreTables.ReadAsync(store.Connect(), table);
            (await StoreTables.ReadAsync(new NpgsqlConnection(target + ";Pooling=False"), table)).ShouldBe(rows, table);
            migrated.Output.ShouldContain($"{table}: {rows.Count} rows", customMessage: table);
        }
        (await LedgerSnapshot.ReadPostgreSqlAsync(target)).Entries.Count.ShouldBe(4);
        var again = await MigrateAsync(target);
        again.ExitCode.ShouldBe(1);
        again.Output.ShouldContain("this PostgreSQL store is the one that was made from it: the migration is complete");
        var old = await GatewayProcess.RunAsync(_folder.Path, [], [.. settings, ("ASPNETCORE_HTTP_PORTS", "0")]);
        old.ExitCode.ShouldBe(1);
        old.Output.ShouldContain("The gateway does not start:\n- This SQLite store was moved to PostgreSQL at 20");

        await using var moved = await GatewayProcess.StartAsync(_folder.Path, [.. settings, .. PostgreSql(target)]);
        foreach (var (path, answer) in await AnswersAsync(moved))
            answer.ShouldBe(before[path], path);
        (await SendAsync(moved, HttpMethod.Get, image)).ShouldContain("JFIF");
        // The result of the same Idempotency-Key, and a new request.
        (await PostAsync(moved, "A cat", "key-1")).ShouldContain(Id(before["/v1/generations"]));
        (await PostAsync(moved, "Another cat")).ShouldContain("generationId");
        await moved.StopAsync();
        (await LedgerSnapshot.ReadPostgreSqlAsync(target)).Entries.Count.ShouldBe(5);
    }

    [Fact]
    public async Task What_cannot_be_migrated_completely_is_not_migrated_at_all()
    {
        Tools.NeedPostgreSql();
        await CreateStoreAsync();
        var target = await CreateTargetAsync();

        // Another version of the schema.
        Change("update migration set name = '0001-renamed' where name = '0001-ledger'");
        await ShouldRefuseAsync(1, "older than this program (missing: 0001-ledger)");
        Change("update migration set name = '0001-ledger' where name = '0001-renamed'; insert into migration values ('9999-newer', '')");
        await ShouldRefuseAsync(1, "a newer gateway (9999-newer)");
        Change("delete from migration where name = '9999-newer'");
        // A ledger that contradicts itself.
        Change("insert into quota_window values ('*', '2026-11-22', 0, 1, 0, 1, 1, 0, 0)");
        await ShouldRefuseAsync(1, "the organisation is not the sum of its tenants (INV-2)");
        Change("delete from quota_window");
        // A row that PostgreSQL does not take, in one of the last tables.
        Change("insert into upload (id, tenant, extension, token, created_at, expires_at) values ('a' || char(0), 'a', 'png', '', 1, 1)");
        await ShouldRefuseAsync(1, "Nothing was migrated");
        Change("delete from upload");

        (await MigrateAsync(target)).ExitCode.ShouldBe(0);

        async Task ShouldRefuseAsync(int exitCode, string reason)
        {
            var refused = await MigrateAsync(target);
            refused.Output.ShouldContain(reason);
            refused.Output.ShouldNotContain("   at ");
            refused.ExitCode.ShouldBe(exitCode);
            await using var connection = new NpgsqlConnection(target + ";Pooling=False");
            await connection.OpenAsync(TestContext.Current.CancellationToken);
            await using var tables = new NpgsqlCommand("select count(*) from pg_tables where schemaname = 'public'", connection);
            (await tables.ExecuteScalarAsync(TestContext.Current.CancellationToken)).ShouldBe(0L);
        }
    }

    [Fact]
    public async Task A_store_that_is_missing_or_a_server_that_does_not_answer_is_exit_code_3_and_wrong_settings_are_2()
    {
        (await MigrateAsync("Host=127.0.0.1;Port=1")).ExitCode.ShouldBe(3);
        await CreateStoreAsync();

        var unreachable = await MigrateAsync("Host=127.0.0.1;Port=1;Username=gateway;Password=correct-horse");

        unreachable.ExitCode.ShouldBe(3, unreachable.Output);
        unreachable.Output.ShouldNotContain("correct-horse");
        unreachable.Output.ShouldNotContain("   at ");
        var sqlite = await GatewayProcess.RunAsync(_folder.Path, ["migrate", Store]);
        sqlite.ExitCode.ShouldBe(2);
        sqlite.Output.ShouldContain("Storage:Engine=PostgreSql");
    }

    /// <summary>
    /// A generation, one whose outcome is unknown, one refused, one of another tenant; an upload; a grant.
    /// </summary>
    /// <returns>The address of an image.</returns>
    private static async Task<string> UseAsync(GatewayProcess gateway)
    {
        (await PostAsync(gateway, "A cat", "key-1")).ShouldContain("generationId");
        (await PostAsync(gateway, "A dog [sim:error-500]")).ShouldContain("outcome-unknown");
        (await PostAsync(gateway, "A cow [sim:refuse-validation]")).ShouldContain("upstream-rejected");
        (await PostAsync(gateway, "A hen", token: "b")).ShouldContain("generationId");
        using var form = TwoTenants.Form(TwoTenants.Png, "cat.png");
        (await SendAsync(gateway, HttpMethod.Post, "/v1/init-image", "a", form)).ShouldContain("uploadInitImage");
        foreach (
            var (path, body) in ((string, string)[])
                [
                    ("/admin/tenants/a/grants", """{"quota":"imagesPerDay","amount":5,"reason":"trade fair"}"""),
                    ("/admin/tenants/b/suspend", """{"reason":"endless loop"}"""),
                    ("/admin/tenants/b/resume", """{"reason":"fixed"}"""),
                ]
        )
            (await SendAsync(gateway, HttpMethod.Post, path, AdminGateway.Token, Json(body))).ShouldNotContain("/problems/");
        string list = "";
        await Eventually.HoldsAsync(async () =>
            (list = await SendAsync(gateway, HttpMethod.Get, "/v1/generations")).Contains("COMPLETE", StringComparison.Ordinal)
        );
        await Eventually.HoldsAsync(async () =>
            (await SendAsync(gateway, HttpMethod.Get, "/v1/generations", "b")).Contains("COMPLETE", StringComparison.Ordinal)
        );
        var address = JsonNode.Parse(list)!["generations"]![0]!["generated_images"]![0]!["url"]!.GetValue<string>();
        return new Uri(address).PathAndQuery;
    }

    private static string Id(string list) => JsonNode.Parse(list)!["generations"]![0]!["id"]!.GetValue<string>();

    /// <summary>What tenants and operators see, without the gateway's port and what lasts a minute.</summary>
    private static async Task<Dictionary<string, string>> AnswersAsync(GatewayProcess gateway)
    {
        var answers = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var path in (string[])["/v1/usage", "/v1/generations"])
            answers[path] = await SendAsync(gateway, HttpMethod.Get, path);
        answers["/v1/generations/" + Id(answers["/v1/generations"])] = await SendAsync(
            gateway,
            HttpMethod.Get,
            "/v1/generations/" + Id(answers["/v1/generations"])
        );
        answers["/v1/usage of b"] = await SendAsync(gateway, HttpMethod.Get, "/v1/usage", "b");
        foreach (var path in Operator)
            answers[path] = await SendAsync(gateway, HttpMethod.Get, path, AdminGateway.Token);
        return answers.ToDictionary(
            answer => answer.Key,
            answer => Lasting(JsonNode.Parse(answer.Value.Replace($":{gateway.Address.Port}/", ":0/", StringComparison.Ordinal))!),
            StringComparer.Ordinal
        );
    }

    /// <summary>Without the quotas that have no period: they count the last minute, or what one process does.</summary>
    private static string Lasting(JsonNode answer)
    {
        (answer["quotas"] as JsonArray)?.RemoveAll(quota => quota!["unit"]!.GetValue<string>() is not ("images" or "usd"));
        return answer.ToJsonString();
    }

    private static Task<string> PostAsync(GatewayProcess gateway, string prompt, string? key = null, string token = "a")
    {
        var content = Json($$"""{"model":"flux-pro-2.0","parameters":{"prompt":"{{prompt}}","width":256,"height":256} }""");
        return SendAsync(gateway, HttpMethod.Post, "/v2/generations", token, content, key);
    }

    private static StringContent Json(string body) => new(body, null, "application/json");

    private static async Task<string> SendAsync(
        GatewayProcess gateway,
        HttpMethod method,
        string path,
        string token = "a",
        HttpContent? content = null,
        string? key = null
    )
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        request.Headers.Add("Authorization", "Bearer " + token);
        if (key is not null)
            request.Headers.Add("Idempotency-Key", key);
        using var answer = await gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
        return await answer.TextAsync();
    }

    private async Task<(string, string)[]> WriteFilesAsync()
    {
        var quota = """{ "imagesPerDay": 100, "usdPerMonth": 50 }""";
        await File.WriteAllTextAsync(_folder["tenants.json"], TwoTenants.WithQuotas(quota, quota), TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(_folder["admin-tokens"], $"olga {AdminGateway.Token}\n", TestContext.Current.CancellationToken);
        return [("Admin__TokenFile", _folder["admin-tokens"])];
    }

    private static async Task<string> CreateTargetAsync() => await (await PostgreSqlServer.SharedAsync()).CreateDatabaseAsync();

    /// <summary>A store without traffic.</summary>
    private async Task CreateStoreAsync()
    {
        await using var store = new SqliteDatabase($"Data Source={Store}", NullLogger<SqliteDatabase>.Instance, TimeProvider.System);
        await store.EnsureOpenAsync(TestContext.Current.CancellationToken);
    }

    private Task<(int ExitCode, string Output)> MigrateAsync(string target) =>
        GatewayProcess.RunAsync(_folder.Path, ["migrate", Store], PostgreSql(target));

    private static (string, string)[] PostgreSql(string connection) =>
        [("Storage__Engine", "PostgreSql"), ("Storage__ConnectionString", connection)];

    private void Change(string sql) => new StoreTables(Store).Execute(sql);
}
