using System.Net;
using System.Text.Json.Nodes;
using Gateway.Ledger;
using Gateway.Ledger.Maintenance;
using Gateway.Storage;
using Gateway.Tests.Harness;
using Gateway.Tests.Harness.LargeStores;
using Npgsql;

namespace Gateway.Tests.Ledger;

/// <summary>
/// The generator of large stores, on which the figures of docs/measured.md rest: what it writes is what a gateway would
/// have written.
/// </summary>
public sealed class LargeStoreTests
{
    private static readonly LargeStoreSize Size = new(2_000, Days: 40, Tenants: 10);

    [Fact]
    public async Task A_filled_store_on_SQLite_is_consistent_and_a_gateway_reads_it()
    {
        using var folder = new TemporaryFolder(inMemory: true);
        var store = $"Data Source={folder["gateway.db"]}";
        await LargeStore.FillAsync(StorageEngine.Sqlite, store, Size, GatewayApp.Start);

        ShouldBeComplete(await LedgerSnapshot.ReadSqliteAsync(folder["gateway.db"]));
        await ShouldPassTheAuditAsync(StorageEngine.Sqlite, store);
        await using var gateway = await GatewayApp.StartAsync(TeamZero, settings: ("Storage:ConnectionString", store));
        await ShouldBeReadAsync(gateway);
    }

    [Fact]
    public async Task A_filled_store_on_PostgreSQL_is_consistent_and_a_gateway_reads_it()
    {
        Tools.NeedPostgreSql();
        var server = await PostgreSqlServer.SharedAsync();
        var store = await server.CreateDatabaseAsync();
        await LargeStore.FillAsync(StorageEngine.PostgreSql, store, Size, GatewayApp.Start);
        await server.ExecuteAsync(
            new NpgsqlConnectionStringBuilder(store).Database!,
            $"create or replace function gateway_now() returns timestamptz language sql volatile as 'select timestamptz ''{GatewayApp.Start:yyyy-MM-dd HH:mm:ss}+00'''"
        );

        ShouldBeComplete(await LedgerSnapshot.ReadPostgreSqlAsync(store));
        await ShouldPassTheAuditAsync(StorageEngine.PostgreSql, store);
        await using var gateway = await GatewayApp.StartAsync(
            TeamZero,
            settings: [("Storage:Engine", "PostgreSql"), ("Storage:ConnectionString", store)]
        );
        await ShouldBeReadAsync(gateway);
    }

    [Fact]
    public async Task A_store_with_reservations_is_not_filled()
    {
        using var folder = new TemporaryFolder(inMemory: true);
        var store = $"Data Source={folder["gateway.db"]}";
        await LargeStore.FillAsync(StorageEngine.Sqlite, store, Size, GatewayApp.Start);

        await Should.ThrowAsync<InvalidOperationException>(() => LargeStore.FillAsync(StorageEngine.Sqlite, store, Size, GatewayApp.Start));

        (await LedgerSnapshot.ReadSqliteAsync(folder["gateway.db"])).Entries.Count.ShouldBe(Size.Reservations);
    }

    private static string TeamZero { get; } =
        GatewayApp.Tenants($$"""{ "id": "{{LargeStore.Tenant(0)}}", "identify": { "networks": ["127.0.0.0/8"] } }""");

    private static void ShouldBeComplete(LedgerSnapshot ledger)
    {
        ledger.Entries.Count.ShouldBe(Size.Reservations);
        ledger.In('S', 'V', 'W').Count().ShouldBe(Size.Reservations);
        ledger.In('V').ShouldNotBeEmpty();
        ledger.Entries.Select(entry => entry.Tenant).Distinct().Count().ShouldBe(Size.Tenants);
        ledger.Entries.ShouldContain(entry => entry.Key != null);
        ledger.ShouldBeConsistent();
    }

    private static async Task ShouldPassTheAuditAsync(StorageEngine engine, string store)
    {
        await using var database = LargeStore.Open(engine, store);
        var violations = await WholeAudit.RunAsync(database, new QuotaOptions());
        violations.ShouldBeEmpty();
    }

    private static async Task ShouldBeReadAsync(GatewayApp gateway)
    {
        var usage = await (await gateway.GetAsync("/v1/usage")).JsonAsync();
        usage["totals"]!["today"]!["images"]!.GetValue<long>().ShouldBePositive();

        var page = await ListAsync("/v1/generations?limit=100");
        var second = await ListAsync($"/v1/generations?limit=100&after={page["next"]}");
        var ids = page["generations"]!.AsArray().Concat(second["generations"]!.AsArray()).Select(Id).ToList();
        ids.Distinct().Count().ShouldBe(200);

        var generation = (await ListAsync($"/v1/generations/{ids[^1]}"))["generations_by_pk"]!;
        Id(generation).ShouldBe(ids[^1]);
        generation["status"]!.GetValue<string>().ShouldBe("COMPLETE");
        generation["generated_images"]!.AsArray().Count.ShouldBeInRange(1, LargeStoreRows.MostImages);

        async Task<JsonNode> ListAsync(string path)
        {
            var answer = await gateway.GetAsync(path);
            answer.StatusCode.ShouldBe(HttpStatusCode.OK);
            return await answer.JsonAsync();
        }

        static string Id(JsonNode? generation) => generation!["id"]!.GetValue<string>();
    }
}
