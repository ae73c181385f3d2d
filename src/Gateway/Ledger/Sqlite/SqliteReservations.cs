using Gateway.Ledger.Rules;
using Gateway.Storage;

namespace Gateway.Ledger.Sqlite;

/// <summary>Reservations as rows of SQLite.</summary>
internal static class SqliteReservations
{
    private static SqliteStatement BindFixed(SqliteStatement sql, Reservation row) =>
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
            .With(row.JobId)
            .With(UnixMicroseconds.From(row.ReservedAt))
            .With(row.RaisedFrom)
            .With(row.User);

    public static SqliteStatement BindInserted(SqliteStatement sql, Reservation row) =>
        BindUpdated(BindFixed(sql, row), row).With(row.Origin?.RequestId).With(row.Origin?.Trace);

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
            .With(row.CallerWaits ? 1 : 0)
            .With(row.Instance)
            .With(row.SeedDrawn ? 1 : 0);

    public static void AddCharges(SqliteStatement sql, LedgerUnitOfWork state)
    {
        foreach (var row in UserCharge.From(state))
            sql.With(row.Day).With(row.Tenant).With(row.User).With(row.Generations).With(row.Images).With(row.Micros).Execute();
    }

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
            JobId = row.IdOrNull(14),
            ReservedAt = UnixMicroseconds.ToTime(row.Long(15)),
            RaisedFrom = row.LongOrNull(16),
            User = row.TextOrNull(17),
            State = LedgerStore.ToState(row.Text(18)),
            Version = row.Long(19),
            Charged = row.LongOrNull(20),
            Sent = row.LongOrNull(21),
            IdempotencyKey = row.TextOrNull(22),
            ForwardedAt = UnixMicroseconds.ToTime(row.LongOrNull(23)),
            EndedAt = UnixMicroseconds.ToTime(row.LongOrNull(24)),
            RunningUntil = UnixMicroseconds.ToTime(row.LongOrNull(25)),
            FencedAt = UnixMicroseconds.ToTime(row.LongOrNull(26)),
            Settlement = row.TextOrNull(27) is { } generation
                ? new Settlement(generation, row.Long(29), (int?)row.LongOrNull(28), row.TextOrNull(30), row.Text(31))
                : null,
            Outcome = row.TextOrNull(32) is { } problem
                ? new Outcome(problem, (int)row.Long(33), row.Text(34), row.TextOrNull(35), (int?)row.LongOrNull(36))
                : null,
            OwedBy = row.IdOrNull(37),
            OwedAt = UnixMicroseconds.ToTime(row.LongOrNull(38)),
            CallerWaits = row.Long(39) != 0,
            Instance = row.Id(40),
            SeedDrawn = row.Long(41) != 0,
        };
}
