using Gateway.Ledger.PostgreSql;
using Gateway.Ledger.Rules;
using Gateway.Storage;
using Microsoft.Data.Sqlite;

namespace Gateway.Ledger.Sqlite;

/// <summary>The book in one file, written by one connection. The statements are on the page <see cref="SqliteLedgerStatements"/>.</summary>
internal sealed class SqliteLedgerStore(SqliteDatabase database, QuotaOptions options, Guid instance, TimeProvider time) : LedgerStore
{
    public override async Task RunAsync(LedgerKeys keys, Action<LedgerUnitOfWork> decide, CancellationToken cancellationToken)
    {
        await using var turn = await database.TurnAsync(cancellationToken);
        var sql = turn.Statements(connection => new SqliteLedgerStatements(connection));
        await turn.Guard(() =>
        {
            sql.Begin.Execute();
            try
            {
                var state = Load(sql, keys);
                decide(state);
                if (state.IsChanged)
                    Store(sql, state);
                (state.IsChanged ? sql.Commit : sql.Rollback).Execute();
            }
            catch (Exception fault) when (fault is not SqliteException)
            {
                sql.Rollback.Execute();
                throw;
            }
            return Task.FromResult(true);
        });
    }

    public override async Task<bool> PruneAsync(PruneLimits limits, CancellationToken cancellationToken)
    {
        await using var turn = await database.TurnAsync(cancellationToken);
        var sql = turn.Statements(connection => new SqliteLedgerStatements(connection));
        return await turn.Guard(() =>
        {
            sql.Begin.Execute();
            sql.FreeKeys.With(Micros(limits.KeysBefore)).Execute();
            sql.PruneInstances.With(Micros(limits.InstancesBefore)).Execute();
            sql.PruneEvents.With(limits.Month).Execute();
            var pruned = sql.PruneReservations.With(limits.Month).Execute();
            if (pruned > 0)
                sql.PrunedTo.With(limits.Month).Execute();
            sql.Commit.Execute();
            return Task.FromResult(pruned > 0);
        });
    }

    private LedgerUnitOfWork Load(SqliteLedgerStatements sql, LedgerKeys keys)
    {
        var clock = Time(Micros(time.GetUtcNow()));
        var ledger = sql.Ledger.One(row => new LedgerRow(row.Id(0), Time(row.Long(1)), row.Long(2), row.Long(3), row.Long(4)))!;
        var state = new LedgerUnitOfWork(ledger, clock);
        var now = Micros(state.Now);
        var minuteAgo = Micros(state.Now - Minute.Length);

        state.Sent = sql.SentInMinute.With(minuteAgo).One(row => new Minute(row.Long(0), 0, Time(row.Long(1)))) ?? new Minute();
        state.NextFree = sql.NextFree.One(row => Time(row.LongOrNull(0)));
        LoadAll(sql.ExpiredSlots.With(now), state, balances: false, state.ExpiredSlots);
        if (keys.AloneSinceStart)
            sql.EndOtherLeases.With(instance).Execute();
        if (keys.Sweep)
        {
            LoadAll(sql.Orphans.With(now).With(Micros(state.Now - options.OpenLimit)), state, balances: true, state.Orphans);
            LoadAll(sql.Stale.With(Micros(state.Now - options.UnknownGrace)), state, balances: true, state.Stale);
        }
        if (keys.Unknown)
            LoadAll(sql.Unknown, state, balances: false, state.Unknown);
        foreach (var id in keys.Reservations)
            LoadAll(sql.ReservationById.With(id), state, balances: true);
        foreach (var (tenant, key) in keys.IdempotencyKeys)
            LoadAll(sql.ReservationByKey.With(tenant).With(key), state, balances: false);
        foreach (var id in keys.Generations)
        {
            var generation = sql.Generation.With(id).One(row => new GenerationRow(id, row.Text(0), row.Id(1), Time(row.Long(2))));
            if (generation is null)
                continue;
            state.Load(generation);
            LoadAll(sql.ReservationById.With(generation.ReservationId), state, balances: false);
        }
        foreach (var tenant in keys.Tenants)
        {
            LoadCounter(sql, state, tenant);
            LoadMinute(sql, state, tenant, minuteAgo);
        }
        foreach (var tenant in keys.Tenants.Append(WindowRow.OrganizationKey))
        {
            foreach (var period in state.RunningPeriods)
                LoadWindow(sql, state, tenant, period);
        }
        foreach (var (tenant, period) in state.MissingWindows())
            LoadWindow(sql, state, tenant, period);
        foreach (var tenant in state.MissingCounters())
            LoadCounter(sql, state, tenant);
        return state;
    }

    private void Store(SqliteLedgerStatements sql, LedgerUnitOfWork state)
    {
        var ledger = state.Ledger;
        sql.SetLedger.With(Micros(ledger.HighWater)).With(ledger.Events).With(ledger.Sent).With(ledger.Running).Execute();
        foreach (var row in state.ChangedWindows)
            sql.SetWindow.With(row.Tenant)
                .With(row.Period)
                .With(row.ImagesHeld)
                .With(row.ImagesSpent)
                .With(row.MicrosHeld)
                .With(row.MicrosSpent)
                .With(row.Generations)
                .With(row.ImagesGranted)
                .With(row.MicrosGranted)
                .Execute();
        foreach (var row in state.ChangedCounters)
            sql.SetCounter.With(row.Tenant).With(row.Sequence).With(row.Active).Execute();
        // Before the new ones: an expired Idempotency-Key is given up here and taken there.
        foreach (var row in state.Updated)
        {
            var loaded = state.Loaded(row.Id);
            var update = row.IsIndexedAs(loaded) ? sql.UpdateOutcome : sql.UpdateReservation;
            if (WithChanging(update, row).With(row.Id).With(loaded.Version).Execute() != 1)
                throw new InvalidOperationException($"Reservation {row.Id} was changed by somebody who did not take the lock");
        }
        foreach (var row in state.Inserted)
            WithChanging(WithFixed(sql.InsertReservation, row), row).Execute();
        foreach (var row in state.Events)
            sql.InsertEvent.With(row.Number)
                .With(row.ReservationId)
                .With(row.From is { } from ? Letter(from) : null)
                .With(Letter(row.To))
                .With(Micros(row.At))
                .With(row.Why)
                .Execute();
        foreach (var row in state.NewGenerations)
            sql.InsertGeneration.With(row.Id)
                .With(row.Tenant)
                .With(row.ReservationId)
                .With(Micros(row.CreatedAt))
                .With(row.Trace)
                .Execute();
        if (state.LeaseUntil is { } lease)
            sql.SetInstance.With(instance).With(Micros(state.Now)).With(Micros(lease)).Execute();
    }

    private static void LoadAll(SqliteStatement rows, LedgerUnitOfWork state, bool balances, List<Guid>? ids = null)
    {
        while (rows.Read())
        {
            var row = Read(rows);
            state.Load(row, balances);
            ids?.Add(row.Id);
        }
    }

    private static void LoadWindow(SqliteLedgerStatements sql, LedgerUnitOfWork state, string tenant, string period) =>
        state.Load(
            sql.Window.With(tenant)
                .With(period)
                .One(row => new WindowRow(
                    tenant,
                    period,
                    row.Long(0),
                    row.Long(1),
                    row.Long(2),
                    row.Long(3),
                    row.Long(4),
                    row.Long(5),
                    row.Long(6)
                ))
                ?? new WindowRow(tenant, period)
        );

    private static void LoadCounter(SqliteLedgerStatements sql, LedgerUnitOfWork state, string tenant) =>
        state.Load(sql.Counter.With(tenant).One(row => new CounterRow(tenant, row.Long(0), row.Long(1))) ?? new CounterRow(tenant));

    private static void LoadMinute(SqliteLedgerStatements sql, LedgerUnitOfWork state, string tenant, long minuteAgo) =>
        state.Load(
            tenant,
            new Minute(
                sql.FirstInMinute.With(tenant).With(minuteAgo).One(row => row.LongOrNull(0)),
                sql.VoidInMinute.With(tenant).With(minuteAgo).One(row => row.Long(0)),
                Time(sql.OldestInMinute.With(tenant).With(minuteAgo).One(row => row.LongOrNull(0)))
            )
        );

    private static SqliteStatement WithFixed(SqliteStatement sql, Reservation row) =>
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
            .With(Micros(row.ReservedAt));

    private static SqliteStatement WithChanging(SqliteStatement sql, Reservation row) =>
        sql.With(Letter(row.State))
            .With(row.Version)
            .With(row.Charged)
            .With(row.Sent)
            .With(row.IdempotencyKey)
            .With(Micros(row.ForwardedAt))
            .With(Micros(row.EndedAt))
            .With(Micros(row.RunningUntil))
            .With(Micros(row.FencedAt))
            .With(row.Settlement?.GenerationId)
            .With(row.Settlement?.ApiCreditCost)
            .With(row.Settlement?.CostMicros)
            .With(row.Settlement?.CostAmount)
            .With(row.Settlement?.CostUnit)
            .With(row.Outcome?.Problem)
            .With(row.Outcome?.Status)
            .With(row.Outcome?.Detail)
            .With(row.Outcome?.Reason)
            .With(row.Outcome?.RetryAfter);

    private static Reservation Read(SqliteStatement row) =>
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
            ReservedAt = Time(row.Long(15)),
            State = State(row.Text(16)),
            Version = row.Long(17),
            Charged = row.LongOrNull(18),
            Sent = row.LongOrNull(19),
            IdempotencyKey = row.TextOrNull(20),
            ForwardedAt = Time(row.LongOrNull(21)),
            EndedAt = Time(row.LongOrNull(22)),
            RunningUntil = Time(row.LongOrNull(23)),
            FencedAt = Time(row.LongOrNull(24)),
            Settlement = row.TextOrNull(25) is { } generation
                ? new Settlement(generation, row.Long(27), (int?)row.LongOrNull(26), row.TextOrNull(28), row.Text(29))
                : null,
            Outcome = row.TextOrNull(30) is { } problem
                ? new Outcome(problem, (int)row.Long(31), row.Text(32), row.TextOrNull(33), (int?)row.LongOrNull(34))
                : null,
        };
}
