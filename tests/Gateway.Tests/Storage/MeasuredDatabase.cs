using System.Data.Common;
using Gateway.Storage;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Storage;

/// <summary>
/// A store that measures each statement before it runs it: how many rows the engine reads for the answer. That depends
/// neither on the machine nor on a plan that the test would have to know.
/// </summary>
internal sealed class MeasuredDatabase(Database inner, TimeProvider time) : Database(TestLog.CreateLogger<MeasuredDatabase>(), time)
{
    private readonly List<StatementWork> _statements = [];
    private readonly StatementMeter _meter = inner.Select<StatementMeter>(_ => new SqliteMeter(), _ => new PostgreSqlMeter());

    public override Dialect Dialect => inner.Dialect;

    /// <summary>What was run since the last call.</summary>
    public IReadOnlyList<StatementWork> Take()
    {
        var statements = _statements.ToList();
        _statements.Clear();
        return statements;
    }

    public override T Select<T>(Func<SqliteDatabase, T> sqlite, Func<PostgreSqlDatabase, T> postgreSql) => inner.Select(sqlite, postgreSql);

    public override ValueTask DisposeAsync() => inner.DisposeAsync();

    protected override bool IsOutage(Exception fault) => false;

    protected override Task ConnectAsync(CancellationToken cancellationToken) => inner.EnsureOpenAsync(cancellationToken).AsTask();

    protected override Task<T> ReadCoreAsync<T>(
        Func<DbConnection, CancellationToken, Task<T>> report,
        bool isSnapshot,
        CancellationToken cancellationToken
    ) => inner.ReadAsync((connection, cancellationToken) => report(Measure(connection), cancellationToken), cancellationToken);

    protected override Task<T> WriteCoreAsync<T>(
        Func<DbConnection, DbTransaction, CancellationToken, Task<T>> change,
        bool isDurable,
        CancellationToken cancellationToken
    ) =>
        inner.WriteAsync(
            (connection, transaction, cancellationToken) => change(Measure(connection), transaction, cancellationToken),
            cancellationToken,
            isDurable
        );

    private MeasuredConnection Measure(DbConnection connection) => new(connection, _meter, _statements);
}

/// <param name="Work">Rows, or on SQLite steps of its virtual machine, of which each row takes some ten.</param>
internal sealed record StatementWork(string Sql, long Work, string Plan);
