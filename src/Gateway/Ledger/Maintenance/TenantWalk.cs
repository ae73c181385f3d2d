using System.Data.Common;
using Gateway.Ledger.Rules;
using Gateway.Storage;

namespace Gateway.Ledger.Maintenance;

/// <summary>
/// Reads one tenant's reservations in the order in which they were made, checks each, and adds them up for each day.
/// It can go on later from where it stopped: what is not final yet is read again then.
/// </summary>
/// <param name="from">Reservations made earlier are left out.</param>
internal sealed class TenantWalk(string tenant, DateTimeOffset from)
{
    /// <summary>About 20 ms of reading.</summary>
    public const int SliceSize = 2000;

    private readonly SortedDictionary<string, AuditedBalance> _final = new(StringComparer.Ordinal);
    private readonly Dictionary<Guid, AuditedReservation> _open = [];

    /// <summary>Reservations of jobs that were read since the last refresh: it must not add them again.</summary>
    private readonly HashSet<Guid> _readOfJobs = [];
    private (long At, long Sequence) _last = (from.Micros(), -1);

    public string Tenant => tenant;

    /// <summary>How many reservations were read.</summary>
    public long Count { get; private set; }

    /// <summary>The day of the last reservation read; null: none.</summary>
    public string? Day { get; private set; }

    /// <summary>Every day with a reservation.</summary>
    public IReadOnlyCollection<string> Days => _final.Keys;

    public AuditedBalance BalanceOf(string day) =>
        _open.Values.Where(row => row.Day == day).Aggregate(_final.GetValueOrDefault(day), (sum, row) => sum + AuditedBalance.From(row));

    /// <summary>Reads on, at most <see cref="SliceSize"/> reservations.</summary>
    /// <returns>Whether there may be more.</returns>
    public async Task<bool> ReadSliceAsync(DbConnection connection, ICollection<string> violations, CancellationToken cancellationToken)
    {
        var rows = await AuditedReservation.ReadAsync(connection, tenant, _last, SliceSize, cancellationToken);
        foreach (var row in rows)
        {
            Add(row, violations);
            if (row.JobId is not null)
                _readOfJobs.Add(row.Id);
            _last = (row.ReservedAt.Micros(), row.Sequence);
            Day = row.Day;
        }
        Count += rows.Count;
        return rows.Count == SliceSize;
    }

    /// <summary>Reads on to the end.</summary>
    public async Task CompleteAsync(DbConnection connection, ICollection<string> violations, CancellationToken cancellationToken)
    {
        while (await ReadSliceAsync(connection, violations, cancellationToken)) { }
    }

    /// <summary>
    /// Reads again what was not final the last time. What was only reserved may be pruned by now; if it held anything,
    /// its balance shows it.
    /// </summary>
    public async Task RefreshAsync(
        DbConnection connection,
        Dialect dialect,
        ICollection<string> violations,
        CancellationToken cancellationToken
    )
    {
        var rows = await AuditedReservation.ReadAsync(connection, dialect, _open.Keys, cancellationToken);
        foreach (var id in rows.Select(row => row.Id))
            _open.Remove(id);
        foreach (var row in _open.Values.Where(row => row.State != ReservationState.Reserved))
            violations.Add($"an open reservation has vanished (INV-7): {tenant} {row.Id}");
        _open.Clear();
        var retries = new HashSet<Guid>();
        foreach (var row in rows)
        {
            Add(row, violations);
            if (row is { JobId: not null, State: ReservationState.Void })
                retries.UnionWith(await AuditedReservation.FindRetriesAsync(connection, dialect, row, cancellationToken));
        }
        // Those that were inserted behind what has been read.
        retries.ExceptWith(_readOfJobs);
        foreach (var row in await AuditedReservation.ReadAsync(connection, dialect, retries, cancellationToken))
        {
            if ((row.ReservedAt.Micros(), row.Sequence).CompareTo(_last) <= 0 && !_open.ContainsKey(row.Id))
                Add(row, violations);
        }
        _readOfJobs.Clear();
    }

    /// <summary>Forgets the days up to this one.</summary>
    public void Drop(string upTo)
    {
        foreach (var day in _final.Keys.TakeWhile(day => string.CompareOrdinal(day, upTo) <= 0).ToList())
            _final.Remove(day);
        foreach (var row in _open.Values.Where(row => string.CompareOrdinal(row.Day, upTo) <= 0).ToList())
            _open.Remove(row.Id);
        _readOfJobs.Clear();
    }

    /// <summary>Forgets the days before this one that hold nothing any more.</summary>
    public void Forget(string before)
    {
        foreach (var day in _final.Keys.TakeWhile(day => string.CompareOrdinal(day, before) < 0).ToList())
        {
            var open = _open.Values.Where(row => row.Day == day).ToList();
            if (open.Exists(row => row.State.IsHeld()))
                continue;
            _final.Remove(day);
            foreach (var writtenOff in open)
                _open.Remove(writtenOff.Id);
        }
    }

    private void Add(AuditedReservation row, ICollection<string> violations)
    {
        foreach (var fault in row.Faults())
            violations.Add($"{fault}: {tenant} #{row.Sequence}");
        _final.TryAdd(row.Day, default);
        if (row.IsFinal)
            _final[row.Day] += AuditedBalance.From(row);
        else
            _open[row.Id] = row;
    }
}
