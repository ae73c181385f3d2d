using Gateway.Ledger.Rules;
using Gateway.Storage;
using Microsoft.Data.Sqlite;

namespace Gateway.Ledger.Sqlite;

/// <summary>The ledger in one file, written by one connection.</summary>
internal sealed class SqliteLedgerStore(SqliteDatabase database, QuotaOptions options, Guid instance, TimeProvider time) : LedgerStore
{
    private SqliteFlush Flush => field ??= new SqliteFlush(FlushAsync, time);

    public override Task RunAsync(LedgerKeys keys, Action<LedgerUnitOfWork> decide, CancellationToken cancellationToken) =>
        RunAsync(
            sql =>
            {
                foreach (var answer in keys.Delivered)
                    (answer.JobId is { } job ? sql.Jobs.Deliver.With(job) : sql.Deliver.With(answer.ReservationId))
                        .With(instance)
                        .With(UnixMicroseconds.From(answer.Since))
                        .Execute();
                var state = Load(sql, keys);
                decide(state);
                if (state.IsChanged)
                    Store(sql, state);
                return (state.IsChanged || keys.Delivered.Count > 0, state);
            },
            keys.MayFlushLater && options.Settlements != SettlementDurability.Durable,
            cancellationToken
        );

    public override async Task<FreedKeys> FreeKeysAsync(Guid after, Guid before, DateTimeOffset expiry, CancellationToken cancellationToken)
    {
        Guid? last = null;
        var isChanged = await RunAsync(
            sql =>
            {
                last = sql.LastKey.With(after).With(before).One(row => (Guid?)row.Id(0));
                return sql.FreeKeys.With(after).With(before).With(UnixMicroseconds.From(expiry)).Execute() > 0;
            },
            cancellationToken
        );
        return new FreedKeys(last, isChanged);
    }

    public override Task<bool> PruneReservationsAsync(string month, Guid before, CancellationToken cancellationToken) =>
        RunAsync(
            sql =>
            {
                sql.PruneEvents.With(before).With(month).Execute();
                sql.PruneRequests.With(before).With(month).Execute();
                sql.PruneJobs.With(before).With(month).Execute();
                if (sql.PruneReservations.With(before).With(month).Execute() == 0)
                    return false;
                sql.PrunedTo.With(month).Execute();
                return true;
            },
            cancellationToken
        );

    public override Task<bool> PruneNeverSentAsync(CancellationToken cancellationToken) =>
        RunAsync(
            sql =>
            {
                if (sql.CountNeverSent.Execute() == 0)
                    return false;
                sql.PruneEventsNeverSent.Execute();
                sql.PruneNeverSent.Execute();
                return true;
            },
            cancellationToken
        );

    public override Task PruneInstancesAsync(DateTimeOffset endedBefore, CancellationToken cancellationToken) =>
        RunAsync(sql => sql.PruneInstances.With(UnixMicroseconds.From(endedBefore)).Execute() > 0, cancellationToken);

    private Task<bool> RunAsync(Func<SqliteLedgerStatements, bool> change, CancellationToken cancellationToken) =>
        RunAsync(sql => (change(sql), null), flushLater: false, cancellationToken);

    /// <param name="change">Returns whether to commit, and what a batch decided.</param>
    private Task<bool> RunAsync(
        Func<SqliteLedgerStatements, (bool, LedgerUnitOfWork?)> change,
        bool flushLater,
        CancellationToken cancellationToken
    ) =>
        database.GuardAsync(async () =>
        {
            await using var turn = await database.TurnAsync(cancellationToken, flushes: !flushLater);
            return await turn.RunAsync(() =>
            {
                try
                {
                    var sql = turn.Statements(connection => new SqliteLedgerStatements(connection));
                    sql.Begin.Execute();
                    sql.Memory.Begin();
                    var (isChanged, batch) = change(sql);
                    (isChanged ? sql.Commit : sql.Rollback).Execute();
                    if (batch is not null)
                        sql.Memory.End(batch);
                    if (isChanged)
                        Flush.OnCommitted(flushLater);
                    return Task.FromResult(isChanged);
                }
                catch
                {
                    // Rolls back; and a statement that was being bound keeps no values for its next use.
                    turn.Close();
                    throw;
                }
            });
        });

    /// <summary>By a commit of its own: if it fails, the engine knows what is not durable.</summary>
    private Task<bool> FlushAsync() =>
        RunAsync(
            sql =>
            {
                if (!Flush.IsNeeded)
                    return false;
                sql.Touch.Execute();
                sql.Memory.OnTouched();
                return true;
            },
            CancellationToken.None
        );

    private LedgerUnitOfWork Load(SqliteLedgerStatements sql, LedgerKeys keys)
    {
        var state = Begin(sql);
        var now = UnixMicroseconds.From(state.Now);
        var minuteAgo = UnixMicroseconds.From(state.Now - Minute.Length);

        if (keys.Account)
        {
            state.Sent = SentInMinute(sql, state.Now);
            state.NextFree = sql.NextFree.One(row => UnixMicroseconds.ToTime(row.LongOrNull(0)));
            SqliteCompetition.Load(sql, state, keys, options, instance);
        }
        if (state.NextFree <= state.Now)
            LoadAll(sql.ExpiredSlots.With(now), state, balances: false, state.ExpiredSlots);
        if (keys.AloneSinceStart)
            sql.EndOtherLeases.With(instance).Execute();
        if (keys.Sweep)
            LoadLeftovers(sql, state);
        if (keys.Unknown)
            LoadAll(sql.Unknown, state, balances: false, state.Unknown);
        foreach (var id in keys.Reservations)
            LoadAll(sql.ReservationById.With(id), state, balances: true);
        foreach (var (tenant, key) in keys.IdempotencyKeys)
            LoadAll(sql.ReservationByKey.With(tenant).With(key), state, balances: false);
        LoadAnswers(sql, state, keys);
        foreach (var id in keys.Generations)
        {
            var generation = sql
                .Generation.With(id)
                .One(row => new GenerationRow(id, row.Text(0), row.Id(1), UnixMicroseconds.ToTime(row.Long(2))));
            if (generation is null)
                continue;
            state.Load(generation);
            LoadAll(sql.ReservationById.With(generation.ReservationId), state, balances: false);
        }
        sql.PriceRatios.Load(state, keys.Models, sql.Memory);
        sql.PriceRatios.Load(state, state.MissingModels(), sql.Memory);
        if (keys.Jobs)
            LoadAll(sql.Jobs.Heads, state, balances: true, state.Jobs.Heads);
        foreach (var tenant in keys.Tenants.Union(state.MissingMinutes(), StringComparer.Ordinal))
        {
            SqliteBalances.LoadCounter(sql, state, tenant);
            SqliteBalances.LoadMinute(sql, state, tenant, minuteAgo);
        }
        foreach (var tenant in keys.Charged)
            SqliteBalances.LoadCounter(sql, state, tenant);
        foreach (var tenant in keys.Tenants.Union(keys.Charged, StringComparer.Ordinal).Append(WindowRow.OrganizationKey))
        {
            foreach (var period in state.RunningPeriods)
                SqliteBalances.LoadWindow(sql, state, tenant, period);
        }
        foreach (var (tenant, period) in state.MissingWindows())
            SqliteBalances.LoadWindow(sql, state, tenant, period);
        foreach (var tenant in state.MissingCounters())
            SqliteBalances.LoadCounter(sql, state, tenant);
        foreach (var id in keys.MayRetry ? state.MissingRequests() : [])
            sql.Jobs.LoadRequest(state, id);
        return state;
    }

    private void LoadLeftovers(SqliteLedgerStatements sql, LedgerUnitOfWork state)
    {
        var open = sql.Orphans.With(UnixMicroseconds.From(state.Now)).With(UnixMicroseconds.From(state.Now - options.OpenLimit));
        LoadAll(open, state, balances: true, state.Orphans);
        LoadAll(sql.Stale.With(UnixMicroseconds.From(state.Now - options.UnknownGrace)), state, balances: true, state.Stale);
        LoadAll(sql.Jobs.TooOld.With(UnixMicroseconds.From(state.Now - options.JobMaxAge)), state, balances: true, state.Jobs.TooOld);
    }

    private static Minute SentInMinute(SqliteLedgerStatements sql, DateTimeOffset now) =>
        sql.SentInMinute.With(UnixMicroseconds.From(now - Minute.Length))
            .With(UnixMicroseconds.From(now - Minute.Moment))
            .One(row => new Minute(row.Long(0), 0, UnixMicroseconds.ToTime(row.Long(1))) { FirstOfMoment = row.LongOrNull(2) })
        ?? new Minute();

    private LedgerUnitOfWork Begin(SqliteLedgerStatements sql)
    {
        var clock = UnixMicroseconds.ToTime(UnixMicroseconds.From(time.GetUtcNow()));
        return new LedgerUnitOfWork(sql.Memory.Ledger(() => sql.Ledger.One(SqliteBalances.ReadLedger)!), clock);
    }

    private static void LoadAnswers(SqliteLedgerStatements sql, LedgerUnitOfWork state, LedgerKeys keys)
    {
        foreach (var id in keys.Answers)
        {
            if (sql.ReservationById.With(id).One(SqliteReservations.Read) is { } row)
                state.LoadAnswer(row);
        }
        foreach (var id in keys.JobAnswers)
        {
            if (sql.Jobs.Live.With(id).One(SqliteReservations.Read) is { } row)
                state.LoadAnswer(row);
        }
        foreach (var repeat in keys.Repeats)
            LoadAll(sql.Owed.With(repeat.Tenant).With(repeat.BodyHash.Span), state, balances: false, state.Owed[repeat] = []);
        if (state.Owed.Values.All(equal => equal.Count == 0))
            return;
        while (sql.Instances.Read())
            state.Instances[sql.Instances.Id(0)] = new InstanceRow(
                UnixMicroseconds.ToTime(sql.Instances.Long(1)),
                UnixMicroseconds.ToTime(sql.Instances.Long(2))
            );
    }

    private void Store(SqliteLedgerStatements sql, LedgerUnitOfWork state)
    {
        SqliteBalances.Store(sql, state);
        // Before the inserts: an update may free the Idempotency-Key that an insert takes.
        foreach (var row in state.Updated)
        {
            var loaded = state.Loaded(row.Id);
            var update = row.IsIndexedAs(loaded) ? sql.UpdateOutcome : sql.UpdateReservation;
            if (SqliteReservations.BindUpdated(update, row).With(row.Id).With(loaded.Version).Execute() != 1)
                throw new InvalidOperationException($"Reservation {row.Id} was changed without the lock");
        }
        foreach (var row in state.Inserted)
            SqliteReservations.BindInserted(sql.InsertReservation, row).Execute();
        foreach (var row in state.Requests.New)
            sql.InsertRequest.With(row.ReservationId).With(row.Body.Span).Execute();
        foreach (var id in state.Requests.Voided)
            sql.DeleteRequest.With(id).Execute();
        foreach (var row in state.Events)
            sql.InsertEvent.With(row.Number)
                .With(row.ReservationId)
                .With(row.From is { } from ? ToLetter(from) : null)
                .With(ToLetter(row.To))
                .With(UnixMicroseconds.From(row.At))
                .With(row.Why)
                .Execute();
        foreach (var row in state.NewGenerations)
            sql.InsertGeneration.With(row.Id)
                .With(row.Tenant)
                .With(row.ReservationId)
                .With(UnixMicroseconds.From(row.CreatedAt))
                .With(row.Trace)
                .With(row.User)
                .Execute();
        StoreEnds(sql, state);
        sql.PriceRatios.Store(state);
        sql.Jobs.Store(state);
        if (state.LeaseUntil is { } lease)
            sql.SetInstance.With(instance).With(UnixMicroseconds.From(state.Now)).With(UnixMicroseconds.From(lease)).Execute();
    }

    /// <summary>An image that is already recorded keeps its owner, whatever the upstream says (T-H9).</summary>
    private static void StoreEnds(SqliteLedgerStatements sql, LedgerUnitOfWork state)
    {
        foreach (var end in state.Ends)
        {
            end.IsFirst =
                sql.EndGeneration.With(end.Status)
                    .With(UnixMicroseconds.From(state.Now))
                    .With(end.Result)
                    .With(end.Id)
                    .With(end.IsDeleted ? 1 : 0)
                    .Execute() > 0;
            if (!end.IsFirst || end.IsDeleted)
                continue;
            for (var n = 0; n < end.Images.Count; n++)
                sql.InsertImage.With(end.Images[n].Id).With(end.Id).With(n).With(end.Images[n].Url).Execute();
        }
    }

    private static void LoadAll(SqliteStatement rows, LedgerUnitOfWork state, bool balances, List<Guid>? ids = null)
    {
        while (rows.Read())
        {
            var row = SqliteReservations.Read(rows);
            state.Load(row, balances);
            ids?.Add(row.Id);
        }
    }
}
