using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Gateway.Ledger.PostgreSql;
using Gateway.Tests.Harness;
using Npgsql;

namespace Gateway.Tests.Storage;

/// <summary>
/// In the ledger's transaction scans are priced out. A statement that cannot avoid one, if only of a table of one row,
/// costs 10^10: then the planner finds every way to the other tables equally dear, and may read a million rows.
/// </summary>
public sealed partial class PostgreSqlPlanTests
{
    private const double PriceOfAScan = 1e9;

    private static readonly string[] Text = ["a"];
    private static readonly Guid[] Ids = [Guid.Empty];
    private static readonly long[] Numbers = [1];
    private static readonly int[] Places = [1];
    private static readonly bool[] Flags = [true];
    private static readonly byte[][] Hashes =
    [
        [1],
    ];

    /// <summary>Those that choose rows, with parameters.</summary>
    private static readonly Dictionary<string, object[]> Arguments = new(StringComparer.Ordinal)
    {
        ["Lock"] = [],
        ["Ledger"] = [],
        ["Deliver"] = [Ids, Guid.Empty, Numbers],
        ["DeliverJobs"] = [Ids, Guid.Empty, Numbers],
        ["TooOld"] = [1L],
        ["LiveOfJobs"] = [Ids],
        ["PruneJobs"] = [Guid.Empty, "2026-01"],
        ["SentInMinute"] = [],
        ["NextFree"] = [],
        ["Competition"] = [1L, 1L, Guid.Empty, 1L, 1L],
        ["ExpiredSlots"] = [],
        ["Orphans"] = [1L],
        ["Stale"] = [1L],
        ["Unknown"] = [],
        ["ReservationsById"] = [Ids],
        ["ReservationsByKey"] = [Text, Text],
        ["Owed"] = [Text, Hashes],
        ["Generations"] = [Text],
        ["ReservationsByGeneration"] = [Text],
        ["Tenants"] = [Text],
        ["RunningWindows"] = [Text],
        ["Windows"] = [Text, Text],
        ["PriceRatios"] = [Text],
        ["Counters"] = [Text],
        ["JobHeads"] = [],
        ["Requests"] = [Ids],
        ["CopyOrigins"] = [Ids, Ids],
        ["UpdateJobs"] = [Ids, Ids],
        ["EndGenerations"] = [Text, Text, Text, Flags, 1L, Text, Text, Places, Text],
        ["SetLedger"] = [1L, 1L, 1L, 1L, 1L, 1L, 1L],
        ["PrunePriceRatios"] = [Text, 1L],
        ["SeeInstance"] = [Guid.Empty, 1L],
        ["LastKey"] = [Guid.Empty, Guid.Empty],
        ["FreeKeys"] = [Guid.Empty, Guid.Empty, 1L],
        ["PruneEvents"] = [Guid.Empty, "2026-01"],
        ["PruneRequests"] = [Guid.Empty, "2026-01"],
        ["DeleteRequests"] = [Ids],
        ["PruneReservations"] = [Guid.Empty, "2026-01"],
        ["CountNeverSent"] = [],
        ["PruneEventsNeverSent"] = [],
        ["PruneNeverSent"] = [],
        ["PrunedTo"] = ["2026-01"],
    };

    /// <summary>Of what is open, running or queued, of single rows and of replicas: they stay small.</summary>
    private static readonly string[] Small =
    [
        "reservation_running",
        "reservation_open",
        "reservation_unknown",
        "reservation_queued",
        "counter_queued",
        "counter_pkey",
        "instance_pkey",
    ];

    /// <summary>All rows of the few replicas; what only writes.</summary>
    private static readonly string[] Without =
    [
        "Limits",
        "Instances",
        "PruneInstances",
        "SetWindows",
        "SetCounters",
        "AddUserCharges",
        "UpdateReservations",
        "InsertReservations",
        "InsertEvents",
        "InsertGenerations",
        "InsertRequests",
        "InsertJobs",
        "SetPriceRatios",
        "SetInstance",
    ];

    [Fact]
    public async Task No_statement_of_the_ledger_scans_a_table()
    {
        Tools.NeedPostgreSql();
        var server = await PostgreSqlServer.SharedAsync();
        var store = await server.CreateDatabaseAsync();
        await using (
            var database = new Gateway.Storage.PostgreSqlDatabase(
                store,
                TestLog.CreateLogger<Gateway.Storage.PostgreSqlDatabase>(),
                TimeProvider.System
            )
        )
            await database.EnsureOpenAsync(TestContext.Current.CancellationToken);
        await using var connection = new NpgsqlConnection(store);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        var statements = typeof(PostgreSqlLedgerStatements)
            .GetFields(BindingFlags.Public | BindingFlags.Static)
            .ToDictionary(field => field.Name, field => (string)field.GetValue(null)!, StringComparer.Ordinal);
        statements.Keys.Order().ShouldBe(Arguments.Keys.Concat(Without).Order(), "a new statement is to be added here");
        await using var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await RunAsync(PostgreSqlLedgerStatements.Limits);
        await RunAsync("select set_config('gateway.now', '0', true)");

        var dear = new List<string>();
        foreach (var (name, arguments) in Arguments)
        {
            var plan = await RunAsync("explain " + statements[name], arguments);
            if (double.Parse(Cost().Match(plan).Groups["cost"].Value, CultureInfo.InvariantCulture) > PriceOfAScan || ReadsAnIndex(plan))
                dear.Add($"{name}:\n{plan}");
        }

        dear.ShouldBeEmpty();

        async Task<string> RunAsync(string sql, params object[] arguments)
        {
            await using var command = new NpgsqlCommand(sql, connection, transaction);
            foreach (var argument in arguments)
                command.Parameters.Add(new NpgsqlParameter { Value = argument });
            await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
            var lines = new List<string>();
            while (await reader.ReadAsync(TestContext.Current.CancellationToken))
                lines.Add($"{reader.GetValue(0)}");
            return string.Join('\n', lines);
        }
    }

    /// <summary>All entries of one that grows with the table: it has no condition, or only the tenant.</summary>
    private static bool ReadsAnIndex(string plan) =>
        plan.Split("->")
            .Any(node =>
                IndexScan().Match(node) is { Success: true } scan
                && !Small.Contains(scan.Groups["index"].Value, StringComparer.Ordinal)
                && IndexCondition().Match(node).Groups["condition"].Value is "" or "tenant = t.tenant"
            );

    [GeneratedRegex(
        @"Index (Only )?Scan( Backward)? (using|on) (?<index>\w+)",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex IndexScan();

    [GeneratedRegex(@"Index Cond: \((?<condition>.*)\)", RegexOptions.NonBacktracking)]
    private static partial Regex IndexCondition();

    [GeneratedRegex(@"\.\.(?<cost>[0-9.]+) rows", RegexOptions.NonBacktracking)]
    private static partial Regex Cost();
}
