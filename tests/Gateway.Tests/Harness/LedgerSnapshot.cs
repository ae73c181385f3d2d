using System.Data.Common;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Gateway.Tests.Harness;

/// <summary>The tables of the ledger, read by SQL without code of the gateway.</summary>
/// <param name="Written">How many events were ever written.</param>
/// <param name="NeverSent">
/// How many reservations were deleted with their two events, because they were never sent.
/// </param>
internal sealed record LedgerSnapshot(
    IReadOnlyList<Entry> Entries,
    IReadOnlyList<Balance> Balances,
    IReadOnlyList<Step> Steps,
    long Written,
    long NeverSent
)
{
    /// <param name="file">No gateway may have the file open.</param>
    public static Task<LedgerSnapshot> ReadSqliteAsync(string file) => ReadAsync(new SqliteConnection($"Data Source={file};Pooling=False"));

    public static Task<LedgerSnapshot> ReadPostgreSqlAsync(string connection) =>
        ReadAsync(new NpgsqlConnection(connection + ";Pooling=False"));

    public IEnumerable<Entry> In(params char[] states) => Entries.Where(entry => states.Contains(entry.State));

    /// <summary>
    /// What holds of the ledger at any time: every window is the sum of its reservations (INV-2),
    /// and every state is the last event of its reservation (INV-11).
    /// </summary>
    public void ShouldBeConsistent()
    {
        foreach (var balance in Balances)
        {
            var counted = Entries
                .Where(entry => balance.Tenant is "*" || entry.Tenant == balance.Tenant)
                .Where(entry => entry.Day == balance.Period || entry.Month == balance.Period)
                .ToList();
            var held = counted.Where(entry => entry.IsHeld).ToList();
            var spent = counted.Where(entry => entry.IsSpent).ToList();
            balance.ShouldBe(
                balance with
                {
                    ImagesHeld = held.Sum(entry => entry.Images),
                    ImagesSpent = spent.Sum(entry => entry.Images),
                    MicrosHeld = held.Sum(entry => entry.Micros),
                    MicrosSpent = spent.Sum(entry => entry.Charged ?? -1),
                }
            );
        }
        var last = Steps.GroupBy(step => step.Reservation).ToDictionary(steps => steps.Key, steps => steps.MaxBy(step => step.Number)!.To);
        foreach (var entry in Entries)
            last[entry.Id].ShouldBe(entry.State, $"{entry.Id}");
        Steps.Select(step => step.Number).ShouldBeUnique();
        (Steps.Count + 2 * NeverSent).ShouldBe(Written, "an event is missing");
    }

    /// <summary>Replays every event: *held* and *spent* together never exceeded the limit (INV-1).</summary>
    public void ShouldNeverExceed(string tenant, Func<Entry, long> amount, long limit)
    {
        var mine = Entries.Where(entry => entry.Tenant == tenant).ToDictionary(entry => entry.Id);
        long now = 0;
        foreach (var step in Steps.Where(step => mine.ContainsKey(step.Reservation)))
        {
            var units = amount(mine[step.Reservation]);
            now += (step.From is null ? units : 0) - (step.To == 'V' ? units : 0);
            now.ShouldBeLessThanOrEqualTo(limit, $"{tenant}, at event {step.Number}");
        }
    }

    /// <summary>
    /// Every charge has exactly one reservation, settled at this cost or still held; every settled reservation has a
    /// charge; and no reservation was sent twice, or before it was in the ledger.
    /// </summary>
    public void ShouldMatchInvoice(IReadOnlyList<Charge> invoice, IReadOnlyList<(string Prompt, long Seed)> posts)
    {
        posts.GroupBy(post => post).Where(group => group.Count() > 1).ShouldBeEmpty("sent twice");
        var entries = Entries.ToDictionary(entry => (entry.PromptHash, entry.Seed));
        foreach (var (prompt, seed) in posts)
            entries.ShouldContainKey((Hash(prompt), seed), $"sent, but not in the ledger: {prompt}");
        foreach (var charge in invoice)
        {
            var entry = entries[(Hash(charge.Prompt), charge.Seed)];
            entry.State.ShouldBeOneOf(['S', 'U', 'F', 'W'], $"charged, but released: {charge.Prompt}");
            entry.Images.ShouldBe(charge.Images);
            if (entry.State == 'S')
                (entry.GenerationId, entry.Charged).ShouldBe((charge.GenerationId, charge.Micros));
        }
        var made = invoice.Select(charge => charge.GenerationId).ToHashSet(StringComparer.Ordinal);
        foreach (var settled in In('S'))
            made.ShouldContain(settled.GenerationId!, "settled, but not on the invoice");
        var open = invoice.Where(charge => entries[(Hash(charge.Prompt), charge.Seed)].State != 'S').Sum(charge => charge.Micros);
        invoice.Sum(charge => charge.Micros).ShouldBe(In('S').Sum(entry => entry.Charged!.Value) + open);
    }

    /// <summary>What happened to the reservations of a prompt, to explain a failure.</summary>
    public string Describe(string prompt) =>
        string.Join(
            '\n',
            In('Q', 'R', 'F', 'U', 'W', 'S', 'V')
                .Where(entry => entry.PromptHash == Hash(prompt))
                .Select(entry =>
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{entry.Id} {entry.State} {entry.GenerationId} reserved {entry.ReservedAt:O} ended {entry.EndedAt:O} owed: {entry.IsOwed} since {entry.OwedAt:O}: "
                    )
                    + string.Join(
                        ", ",
                        Steps
                            .Where(step => step.Reservation == entry.Id)
                            .Select(step => string.Create(CultureInfo.InvariantCulture, $"{step.To} {step.At:HH:mm:ss.fff} {step.Why}"))
                    )
                )
        );

    public static string Hash(string prompt) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(prompt)));

    private static async Task<LedgerSnapshot> ReadAsync(DbConnection opening)
    {
        await using var connection = opening;
        await connection.OpenAsync();
        var entries = await RowsAsync(
            connection,
            "select id, tenant, state, images, micros, charged, seed, prompt_hash, generation_id, idem_key, day, month, reserved_at, ended_at, "
                + "owed_by is null, owed_at from reservation",
            row => new Entry(
                Id(row, 0),
                row.GetString(1),
                row.GetString(2)[0],
                Convert.ToInt32(row.GetValue(3)),
                row.GetInt64(4),
                row.IsDBNull(5) ? null : row.GetInt64(5),
                row.GetInt64(6),
                Convert.ToHexString((byte[])row.GetValue(7)),
                row.IsDBNull(8) ? null : row.GetString(8),
                row.IsDBNull(9) ? null : row.GetString(9),
                row.GetString(10),
                row.GetString(11),
                Time(row, 12)!.Value,
                Time(row, 13),
                !Convert.ToBoolean(row.GetValue(14), CultureInfo.InvariantCulture),
                Time(row, 15)
            )
        );
        var balances = await RowsAsync(
            connection,
            "select tenant, period, images_held, images_spent, micros_held, micros_spent from quota_window",
            row => new Balance(row.GetString(0), row.GetString(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4), row.GetInt64(5))
        );
        var steps = await RowsAsync(
            connection,
            "select n, reservation_id, from_state, to_state, at, why from event order by n",
            row => new Step(
                row.GetInt64(0),
                Id(row, 1),
                row.IsDBNull(2) ? null : row.GetString(2)[0],
                row.GetString(3)[0],
                Time(row, 4)!.Value,
                row.GetString(5)
            )
        );
        var written = await RowsAsync(connection, "select events from ledger", row => row.GetInt64(0));
        var neverSent = await RowsAsync(connection, "select requests from never_sent", row => row.GetInt64(0));
        return new LedgerSnapshot(entries, balances, steps, written.Single(), neverSent.Sum());
    }

    private static async Task<List<T>> RowsAsync<T>(DbConnection connection, string sql, Func<DbDataReader, T> read)
    {
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // constants above
        command.CommandText = sql;
#pragma warning restore CA2100
        await using var row = await command.ExecuteReaderAsync();
        var rows = new List<T>();
        while (await row.ReadAsync())
            rows.Add(read(row));
        return rows;
    }

    private static DateTime? Time(DbDataReader row, int column) =>
        row.IsDBNull(column) ? null : DateTime.UnixEpoch.AddMicroseconds(row.GetInt64(column));

    private static Guid Id(DbDataReader row, int column) =>
        row.GetValue(column) is byte[] bytes ? new Guid(bytes, bigEndian: true) : row.GetGuid(column);
}

/// <summary>A reservation.</summary>
internal sealed record Entry(
    Guid Id,
    string Tenant,
    char State,
    int Images,
    long Micros,
    long? Charged,
    long Seed,
    string PromptHash,
    string? GenerationId,
    string? Key,
    string Day,
    string Month,
    DateTime ReservedAt,
    DateTime? EndedAt,
    bool IsOwed,
    DateTime? OwedAt
)
{
    public bool IsHeld => State is 'Q' or 'R' or 'F' or 'U';

    public bool IsSpent => State is 'S' or 'W';
}

/// <summary>What a window says it holds and has spent.</summary>
internal sealed record Balance(string Tenant, string Period, long ImagesHeld, long ImagesSpent, long MicrosHeld, long MicrosSpent);

/// <summary>An event.</summary>
internal sealed record Step(long Number, Guid Reservation, char? From, char To, DateTime At, string Why);
