using Gateway.Ledger.Rules;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Gateway.Ledger.Sqlite;

/// <summary>
/// Small rows as the last commit of the writer's connection left them, so that the next batch does not read them again.
/// </summary>
/// <remarks>
/// Every change of the file goes through this connection, which counts the rows it changes. Where their number is
/// another one than after the last batch, something else has written, and everything is read again.
/// </remarks>
internal sealed class SqliteMemory(SqliteConnection connection)
{
    /// <summary>Balances of days and months that are over are not kept for ever.</summary>
    private const int MostWindows = 10_000;

    private readonly Dictionary<(string Tenant, string Period), WindowRow> _windows = [];
    private readonly Dictionary<string, CounterRow> _counters = new(StringComparer.Ordinal);
    private readonly HashSet<string> _withoutRatio = new(StringComparer.Ordinal);
    private LedgerRow? _ledger;
    private int _changes;

    /// <summary>Before a batch reads.</summary>
    public void Begin()
    {
        if (Changes() == _changes && _windows.Count <= MostWindows)
            return;
        _ledger = null;
        _windows.Clear();
        _counters.Clear();
        _withoutRatio.Clear();
    }

    public LedgerRow Ledger(Func<LedgerRow> read) => _ledger ??= read();

    public WindowRow Window(string tenant, string period, Func<WindowRow> read) =>
        _windows.TryGetValue((tenant, period), out var row) ? row : _windows[(tenant, period)] = read();

    public CounterRow Counter(string tenant, Func<CounterRow> read) =>
        _counters.TryGetValue(tenant, out var row) ? row : _counters[tenant] = read();

    /// <summary>Whether the computed price of a model is in force, because there is no row.</summary>
    public bool HasNoRatio(string model) => _withoutRatio.Contains(model);

    public void AddWithoutRatio(string model) => _withoutRatio.Add(model);

    /// <summary>When a batch has been committed, or rolled back because it changed nothing.</summary>
    public void End(LedgerUnitOfWork state)
    {
        if (state.IsChanged)
        {
            _ledger = state.Ledger;
            foreach (var row in state.ChangedWindows)
                _windows[(row.Tenant, row.Period)] = row;
            foreach (var row in state.ChangedCounters)
                _counters[row.Tenant] = row;
            foreach (var row in state.Prices.Changed)
                _withoutRatio.Remove(row.Model);
        }
        _changes = Changes();
    }

    /// <summary>A statement of the ledger changed a row, and nothing in it.</summary>
    public void OnTouched() => _changes = Changes();

    /// <summary>Rows inserted, updated and deleted since the connection was opened, rolled back or not.</summary>
    private int Changes() => raw.sqlite3_total_changes(connection.Handle);
}
