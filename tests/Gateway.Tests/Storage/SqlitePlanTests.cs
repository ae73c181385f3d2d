using System.Reflection;
using Gateway.Ledger.Sqlite;
using Gateway.Storage;
using Gateway.Tests.Harness;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Gateway.Tests.Storage;

/// <summary>
/// The ledger's statements run while everybody waits: none may read a whole table, nor all rows of a tenant.
/// </summary>
public sealed class SqlitePlanTests
{
    /// <summary>They grow with each generation.</summary>
    private static readonly string[] Large = ["reservation", "event", "generation", "image", "sent_request", "job", "user_charge"];

    /// <summary>Those of what is open, running or queued: they have few rows, however large the table is.</summary>
    private static readonly string[] Small =
    [
        "reservation_running",
        "reservation_open",
        "reservation_unknown",
        "reservation_queued",
        "reservation_queued_at",
    ];

    [Fact]
    public async Task No_statement_of_the_ledger_scans_a_table()
    {
        await using var harness = new SqliteHarness();
        await using (var database = harness.Open())
            await database.EnsureOpenAsync(TestContext.Current.CancellationToken);
        await using var connection = new SqliteConnection($"Data Source={harness.File};Pooling=False");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        using var statements = new SqliteLedgerStatements(connection);
        var all = Statements(statements).Concat(Statements(statements.Jobs)).Concat(Statements(statements.PriceRatios)).ToList();
        all.Count.ShouldBeGreaterThan(50);

        var scans = new List<string>();
        foreach (var (name, sql) in all)
            scans.AddRange(await ScansAsync(connection, name, sql));

        scans.ShouldBeEmpty();
    }

    private static IEnumerable<(string Name, string Sql)> Statements(object owner)
    {
        const BindingFlags Instance = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;
        var handle = typeof(SqliteStatement).GetFields(Instance).Single(field => field.FieldType == typeof(sqlite3_stmt));
        string Sql(object statement) => raw.sqlite3_sql((sqlite3_stmt)handle.GetValue(statement)!).utf8_to_string();
        // Their getters prepare them.
        foreach (var property in owner.GetType().GetProperties(Instance).Where(one => one.PropertyType == typeof(SqliteStatement)))
            property.GetValue(owner);
        return owner
            .GetType()
            .GetFields(Instance)
            .Where(one => one.FieldType == typeof(SqliteStatement))
            .Select(one => (one.Name, Sql(one.GetValue(owner)!)));
    }

    private static async Task<List<string>> ScansAsync(SqliteConnection connection, string name, string sql)
    {
        await using var explain = connection.CreateCommand();
        explain.CommandText = "explain query plan " + sql;
        for (var n = 1; n <= 60; n++)
            explain.Parameters.AddWithValue($"?{n}", 1);
        await using var rows = await explain.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        var scans = new List<string>();
        while (await rows.ReadAsync(TestContext.Current.CancellationToken))
        {
            var step = rows.GetString(3);
            var words = step.Split(' ');
            if (
                Large.Contains(words[1], StringComparer.Ordinal)
                && (words[0] == "SCAN" || step.EndsWith("(tenant=?)", StringComparison.Ordinal))
                && !Small.Intersect(words, StringComparer.Ordinal).Any()
            )
                scans.Add($"{name}: {step}: {sql}");
        }
        return scans;
    }
}
