using Gateway.Ledger.Rules;
using Gateway.Storage;

namespace Gateway.Ledger.Sqlite;

/// <summary>Reservations as rows of SQLite.</summary>
internal static class SqliteReservations
{
    public static SqliteStatement BindFixed(SqliteStatement sql, Reservation row) =>
        sql.With(row.Id)
            .With(row.Tenant)
            .With(row.Images)
            .With(row.Micros)
            .With(row.Day)
            .With(row.Month)
            .With(row.Sequence)
            .With(row.BodyHash)
            .With(row.Fingerprint.Model)
            .With(row.Fingerprint.PromptHash)
            .With(row.Fingerprint.Seed)
            .With(row.Fingerprint.Width)
            .With(row.Fingerprint.Height)
            .With(row.Fingerprint.PromptEnhanced ? 1 : 0)
            .With(row.Instance)
            .With(UnixMicroseconds.From(row.ReservedAt))
            .With(row.RaisedFrom);

    public static SqliteStatement BindUpdated(SqliteStatement sql, Reservation row) =>
        sql.With(LedgerStore.ToLetter(row.State))
            .With(row.Version)
            .With(row.Charged)
            .With(row.Sent)
            .With(row.IdempotencyKey)
            .With(UnixMicroseconds.From(row.ForwardedAt))
            .With(UnixMicroseconds.From(row.EndedAt))
            .With(UnixMicroseconds.From(row.RunningUntil))
            .With(UnixMicroseconds.From(row.FencedAt))
            .With(row.Settlement?.GenerationId)
            .With(row.Settlement?.ApiCreditCost)
            .With(row.Settlement?.CostMicros)
            .With(row.Settlement?.CostAmount)
            .With(row.Settlement?.CostUnit)
            .With(row.Outcome?.Problem)
            .With(row.Outcome?.Status)
            .With(row.Outcome?.Detail)
            .With(row.Outcome?.Reason)
            .With(row.Outcome?.RetryAfter)
            .With(row.OwedBy)
            .With(UnixMicroseconds.From(row.OwedAt))
            .With(row.CallerWaits ? 1 : 0);

    public static Reservation Read(SqliteStatement row) =>
        new()
        {
            Id = row.Id(0),
            Tenant = row.Text(1),
            Images = (int)row.Long(2),
            Micros = row.Long(3),
            Day = row.Text(4),
            Month = row.Text(5),
            Sequence = row.Long(6),
            BodyHash = row.Bytes(7),
            Fingerprint = new Fingerprint(
                row.Text(8),
                row.Bytes(9),
                (uint)row.Long(10),
                (int)row.Long(11),
                (int)row.Long(12),
                row.Long(13) != 0
            ),
            Instance = row.Id(14),
            ReservedAt = UnixMicroseconds.ToTime(row.Long(15)),
            RaisedFrom = row.LongOrNull(16),
            State = LedgerStore.ToState(row.Text(17)),
            Version = row.Long(18),
            Charged = row.LongOrNull(19),
            Sent = row.LongOrNull(20),
            IdempotencyKey = row.TextOrNull(21),
            ForwardedAt = UnixMicroseconds.ToTime(row.LongOrNull(22)),
            EndedAt = UnixMicroseconds.ToTime(row.LongOrNull(23)),
            RunningUntil = UnixMicroseconds.ToTime(row.LongOrNull(24)),
            FencedAt = UnixMicroseconds.ToTime(row.LongOrNull(25)),
            Settlement = row.TextOrNull(26) is { } generation
                ? new Settlement(generation, row.Long(28), (int?)row.LongOrNull(27), row.TextOrNull(29), row.Text(30))
                : null,
            Outcome = row.TextOrNull(31) is { } problem
                ? new Outcome(problem, (int)row.Long(32), row.Text(33), row.TextOrNull(34), (int?)row.LongOrNull(35))
                : null,
            OwedBy = row.IdOrNull(36),
            OwedAt = UnixMicroseconds.ToTime(row.LongOrNull(37)),
            CallerWaits = row.Long(38) != 0,
        };
}
