using Gateway.Ledger.Rules;
using Gateway.Storage;
using Npgsql;
using NpgsqlTypes;

namespace Gateway.Ledger.PostgreSql;

/// <summary>Reservations as rows of PostgreSQL: read one by one, written as one array per column.</summary>
internal static class PostgreSqlReservations
{
    public static NpgsqlBatchCommand Add(this NpgsqlBatch batch, string sql, params List<object> parameters)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var value in parameters)
            command.Parameters.Add(new NpgsqlParameter { Value = value, NpgsqlDbType = TypeOf(value) });
        batch.BatchCommands.Add(command);
        return command;
    }

    private static object[] Fixed(Reservation[] rows) =>
        [
            rows.Select(row => row.Id).ToArray(),
            rows.Select(row => row.Tenant).ToArray(),
            rows.Select(row => checked((short)row.Images)).ToArray(),
            rows.Select(row => row.Micros).ToArray(),
            rows.Select(row => row.Day).ToArray(),
            rows.Select(row => row.Month).ToArray(),
            rows.Select(row => row.Sequence).ToArray(),
            rows.Select(row => row.BodyHash).ToArray(),
            rows.Select(row => row.Fingerprint.Model).ToArray(),
            rows.Select(row => row.Fingerprint.PromptHash).ToArray(),
            rows.Select(row => (long)row.Fingerprint.Seed).ToArray(),
            rows.Select(row => row.Fingerprint.Width).ToArray(),
            rows.Select(row => row.Fingerprint.Height).ToArray(),
            rows.Select(row => row.Fingerprint.PromptEnhanced).ToArray(),
            rows.Select(row => row.JobId).ToArray(),
            rows.Select(row => UnixMicroseconds.From(row.ReservedAt)).ToArray(),
            rows.Select(row => row.RaisedFrom).ToArray(),
            rows.Select(row => row.User).ToArray(),
        ];

    public static object[] Inserted(Reservation[] rows) =>
        [
            .. Fixed(rows),
            .. Updated(rows),
            rows.Select(row => row.Origin?.RequestId).ToArray(),
            rows.Select(row => row.Origin?.Trace).ToArray(),
        ];

    public static object[] Updated(Reservation[] rows) =>
        [
            rows.Select(row => LedgerStore.ToLetter(row.State)).ToArray(),
            rows.Select(row => row.Version).ToArray(),
            rows.Select(row => row.Charged).ToArray(),
            rows.Select(row => row.Sent).ToArray(),
            rows.Select(row => row.IdempotencyKey).ToArray(),
            rows.Select(row => UnixMicroseconds.From(row.ForwardedAt)).ToArray(),
            rows.Select(row => UnixMicroseconds.From(row.EndedAt)).ToArray(),
            rows.Select(row => UnixMicroseconds.From(row.RunningUntil)).ToArray(),
            rows.Select(row => UnixMicroseconds.From(row.FencedAt)).ToArray(),
            rows.Select(row => row.Settlement?.GenerationId).ToArray(),
            rows.Select(row => row.Settlement?.ApiCreditCost).ToArray(),
            rows.Select(row => row.Settlement?.CostMicros).ToArray(),
            rows.Select(row => row.Settlement?.CostAmount).ToArray(),
            rows.Select(row => row.Settlement?.CostUnit).ToArray(),
            rows.Select(row => row.Outcome?.Problem).ToArray(),
            rows.Select(row => (short?)row.Outcome?.Status).ToArray(),
            rows.Select(row => row.Outcome?.Detail).ToArray(),
            rows.Select(row => row.Outcome?.Reason).ToArray(),
            rows.Select(row => row.Outcome?.RetryAfter).ToArray(),
            rows.Select(row => row.OwedBy).ToArray(),
            rows.Select(row => UnixMicroseconds.From(row.OwedAt)).ToArray(),
            rows.Select(row => row.CallerWaits).ToArray(),
            rows.Select(row => row.Instance).ToArray(),
            rows.Select(row => row.SeedDrawn).ToArray(),
        ];

    public static Reservation Read(NpgsqlDataReader row) =>
        new()
        {
            Id = row.GetGuid(0),
            Tenant = row.GetString(1),
            Images = row.GetInt16(2),
            Micros = row.GetInt64(3),
            Day = row.GetString(4),
            Month = row.GetString(5),
            Sequence = row.GetInt64(6),
            BodyHash = row.GetFieldValue<byte[]>(7),
            Fingerprint = new Fingerprint(
                row.GetString(8),
                row.GetFieldValue<byte[]>(9),
                (uint)row.GetInt64(10),
                row.GetInt32(11),
                row.GetInt32(12),
                row.GetBoolean(13)
            ),
            JobId = row.IsDBNull(14) ? null : row.GetGuid(14),
            ReservedAt = UnixMicroseconds.ToTime(row.GetInt64(15)),
            RaisedFrom = row.LongOrNull(16),
            User = row.TextOrNull(17),
            State = LedgerStore.ToState(row.GetString(18)),
            Version = row.GetInt64(19),
            Charged = row.LongOrNull(20),
            Sent = row.LongOrNull(21),
            IdempotencyKey = row.TextOrNull(22),
            ForwardedAt = UnixMicroseconds.ToTime(row.LongOrNull(23)),
            EndedAt = UnixMicroseconds.ToTime(row.LongOrNull(24)),
            RunningUntil = UnixMicroseconds.ToTime(row.LongOrNull(25)),
            FencedAt = UnixMicroseconds.ToTime(row.LongOrNull(26)),
            Settlement = row.TextOrNull(27) is { } generation
                ? new Settlement(generation, row.GetInt64(29), row.IntegerOrNull(28), row.TextOrNull(30), row.GetString(31))
                : null,
            Outcome = row.TextOrNull(32) is { } problem
                ? new Outcome(problem, row.GetInt16(33), row.GetString(34), row.TextOrNull(35), row.IntegerOrNull(36))
                : null,
            OwedBy = row.IsDBNull(37) ? null : row.GetGuid(37),
            OwedAt = UnixMicroseconds.ToTime(row.LongOrNull(38)),
            CallerWaits = row.GetBoolean(39),
            Instance = row.GetGuid(40),
            SeedDrawn = row.GetBoolean(41),
        };

    public static long? LongOrNull(this NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetInt64(column);

    private static int? IntegerOrNull(this NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetInt32(column);

    private static string? TextOrNull(this NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    /// <summary>Stated explicitly: an array that holds only nulls has no type of its own.</summary>
    private static NpgsqlDbType TypeOf(object value) =>
        value switch
        {
            long => NpgsqlDbType.Bigint,
            string => NpgsqlDbType.Text,
            Guid => NpgsqlDbType.Uuid,
            long[] or long?[] => NpgsqlDbType.Array | NpgsqlDbType.Bigint,
            int[] or int?[] => NpgsqlDbType.Array | NpgsqlDbType.Integer,
            short[] or short?[] => NpgsqlDbType.Array | NpgsqlDbType.Smallint,
            bool[] => NpgsqlDbType.Array | NpgsqlDbType.Boolean,
            string?[] => NpgsqlDbType.Array | NpgsqlDbType.Text,
            Guid[] or Guid?[] => NpgsqlDbType.Array | NpgsqlDbType.Uuid,
            byte[][] => NpgsqlDbType.Array | NpgsqlDbType.Bytea,
            _ => throw new ArgumentException($"No column of the ledger holds {value.GetType()}", nameof(value)),
        };
}
