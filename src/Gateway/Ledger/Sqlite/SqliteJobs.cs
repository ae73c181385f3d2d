using Gateway.Ledger.Rules;
using Gateway.Storage;

namespace Gateway.Ledger.Sqlite;

/// <summary>Jobs as rows of SQLite.</summary>
internal sealed class SqliteJobs(Func<string, SqliteStatement> prepare)
{
    public SqliteStatement Heads =>
        field ??= prepare(
            $"select {Columns} from counter c join reservation r on r.id in (select id from reservation q where q.tenant = c.tenant and q.state = 'Q' "
                + $"order by q.reserved_at, q.sequence limit {LedgerStore.HeadsOfTenant}) where c.queued > 0 "
                + $"order by c.turn, c.tenant, r.reserved_at, r.sequence limit {LedgerStore.Heads}"
        );

    public SqliteStatement Live =>
        field ??= prepare($"select {LedgerStore.AllColumns} from reservation where id = (select reservation_id from job where id = ?1)");

    public SqliteStatement TooOld =>
        field ??= prepare(
            $"select {LedgerStore.AllColumns} from reservation where state = 'Q' and reserved_at <= ?1 order by reserved_at limit {LedgerStore.CleanupBatchSize}"
        );

    public SqliteStatement Deliver =>
        field ??= prepare(
            "update reservation set owed_by = null, version = version + 1 where id = (select reservation_id from job where id = ?1) "
                + "and owed_by = ?2 and owed_at = ?3"
        );

    private SqliteStatement Request => field ??= prepare("select body from sent_request where reservation_id = ?1");
    private SqliteStatement Insert => field ??= prepare("insert into job (id, tenant, reservation_id, created_at) values (?1, ?2, ?3, ?4)");
    private SqliteStatement CopyOrigin =>
        field ??= prepare(
            "update reservation set (request_id, trace_id) = (select o.request_id, o.trace_id from job j join reservation o on o.id = j.reservation_id "
                + "where j.id = ?1) where id = ?2"
        );
    private SqliteStatement Update => field ??= prepare("update job set reservation_id = ?2 where id = ?1");

    private static string Columns => string.Join(", ", LedgerStore.AllColumns.Split(", ").Select(column => "r." + column));

    public void LoadRequest(LedgerUnitOfWork state, Guid id)
    {
        if (Request.With(id).One(row => row.Bytes(0)) is { } body)
            state.Requests.Load(new SentRequest(id, body));
    }

    public void Store(LedgerUnitOfWork state)
    {
        foreach (var job in state.Jobs.New)
            Insert.With(job.Id).With(job.Tenant).With(job.ReservationId).With(UnixMicroseconds.From(job.CreatedAt)).Execute();
        foreach (var job in state.Jobs.Retried)
        {
            CopyOrigin.With(job.Id).With(job.ReservationId).Execute();
            Update.With(job.Id).With(job.ReservationId).Execute();
        }
    }
}
