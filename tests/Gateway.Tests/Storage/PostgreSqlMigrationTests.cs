using System.Globalization;
using Gateway.Storage;
using Gateway.Tests.Harness;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Gateway.Tests.Storage;

/// <summary>A store on PostgreSQL that an older gateway wrote keeps its rows and its constraints.</summary>
public sealed class PostgreSqlMigrationTests
{
    [Fact]
    public async Task A_request_may_have_as_many_images_as_its_model_allows_and_at_least_one()
    {
        Tools.NeedPostgreSql();
        var store = await (await PostgreSqlServer.SharedAsync()).CreateDatabaseAsync();
        await using var connection = new NpgsqlConnection(store + ";Pooling=false");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await WriteOldStoreAsync(connection);
        (await Should.ThrowAsync<PostgresException>(() => SetImagesAsync(9))).SqlState.ShouldBe(PostgresErrorCodes.CheckViolation);

        await using (var database = new PostgreSqlDatabase(store, NullLogger<PostgreSqlDatabase>.Instance, TimeProvider.System))
            await database.EnsureOpenAsync(TestContext.Current.CancellationToken);

        await SetImagesAsync(100);
        (await Should.ThrowAsync<PostgresException>(() => SetImagesAsync(0))).SqlState.ShouldBe(PostgresErrorCodes.CheckViolation);
        (await ExecuteAsync(connection, "delete from reservation where images = 100 and tenant = 'a'")).ShouldBe(1);

        Task SetImagesAsync(int images) =>
            ExecuteAsync(connection, string.Create(CultureInfo.InvariantCulture, $"update reservation set images = {images}"));
    }

    /// <summary>By the migrations up to 0005, with one reservation.</summary>
    private static async Task WriteOldStoreAsync(NpgsqlConnection connection)
    {
        await ExecuteAsync(connection, "create table migration (name text primary key, applied_at text not null)");
        foreach (var step in Migration.For(StorageEngine.PostgreSql).Where(step => step.Number <= 5))
        {
            await ExecuteAsync(connection, step.Sql);
            await ExecuteAsync(connection, $"insert into migration values ('{step.Name}', '')");
        }
        await ExecuteAsync(
            connection,
            """
            insert into reservation (id, tenant, state, version, images, micros, day, month, sequence, body_hash, model, prompt_hash, seed,
              width, height, enhanced, instance, reserved_at)
            values (gen_random_uuid(), 'a', 'R', 1, 8, 1, '2026-11-22', '2026-11', 1, '', 'model', '', 1, 1, 1, false, gen_random_uuid(), 1)
            """
        );
    }

    private static async Task<int> ExecuteAsync(NpgsqlConnection connection, string sql)
    {
#pragma warning disable CA2100 // the test's own
        await using var command = new NpgsqlCommand(sql, connection);
#pragma warning restore CA2100
        return await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}
