using System.Data;
using System.Data.Common;
using System.Globalization;
using Gateway.Results;
using Gateway.Storage;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Storage;

/// <summary>
/// A store as years of use leave it, with all that is rare among its oldest rows: a statement that looks for it in
/// the order of time, or of an id, reads everything.
/// </summary>
internal sealed class FilledStore : IAsyncDisposable
{
    /// <summary>Tenants with a balance for each day.</summary>
    private const int Tenants = 40;

    private readonly LedgerHarness _harness;
    private readonly Database _inner;
    private readonly bool _isSqlite;
    private readonly int _size;

    private FilledStore(LedgerHarness harness, int size)
    {
        (_harness, _size, _inner) = (harness, size, harness.Open());
        _isSqlite = _inner.Select(_ => true, _ => false);
        Database = new MeasuredDatabase(_inner, harness.Time);
    }

    public MeasuredDatabase Database { get; }

    public TimeProvider Time => _harness.Time;

    /// <param name="size">Reservations.</param>
    public static async Task<FilledStore> CreateAsync(LedgerHarness harness, int size)
    {
        var store = new FilledStore(harness, size);
        foreach (var sql in (string[])[store.Reservations(), store.Generations(), .. store.Others()])
            await store.RunAsync(sql);
        await store.RunAsync("analyze");
        // The real clock: PostgreSQL treats the fixed time of the harness as a constant.
        if (!store._isSqlite)
        {
            var offset = (store.Time.GetUtcNow() - TimeProvider.System.GetUtcNow()).TotalSeconds;
            await store.RunAsync(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"create or replace function gateway_now() returns timestamptz language sql volatile as 'select clock_timestamp() + {offset:F0} * interval ''1 second'''"
                )
            );
        }
        return store;
    }

    /// <summary>Since the n-th reservation.</summary>
    public TimeSpan AgeOf(int n) => TimeSpan.FromMinutes(60 + _size - n + n % 3);

    /// <summary>The id of the n-th reservation.</summary>
    public static Guid ReservationId(int n) => Guid.Parse(string.Create(CultureInfo.InvariantCulture, $"00000000-0000-7000-8000-{n:D12}"));

    /// <summary>The id of its generation, and of the image of that.</summary>
    public static string GenerationId(int n) => string.Create(CultureInfo.InvariantCulture, $"00000000-0000-4000-8000-{n:D12}");

    /// <summary>
    /// In the history of <c>a</c>, where those that are pending end. All down to the first quarter were deleted.
    /// </summary>
    public PageCursor AfterPending
    {
        get
        {
            var last = _size - _size / 4 + 1;
            return new PageCursor((Time.GetUtcNow() - AgeOf(last)).Micros(), GenerationId(last));
        }
    }

    public Task<List<T>> ReadAsync<T>(string sql, Func<DbDataReader, T> read) =>
        _inner.ReadAsync(
            (connection, cancellationToken) => connection.Command(sql).ReadAsync(read, cancellationToken),
            TestContext.Current.CancellationToken
        );

    public Task<int> RunAsync(string sql) => _inner.ExecuteAsync(sql);

    /// <summary>
    /// Runs while another transaction is open that may still read every row as it was, as a backup does.
    /// </summary>
    public Task<bool> WhileReadAsync(Func<Task> use) =>
        _inner.ReadAsync(
            async (connection, cancellationToken) =>
            {
                await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
                await connection.Command("select tenant from counter").ReadAsync(row => row.GetString(0), cancellationToken, transaction);
                await use();
                return true;
            },
            TestContext.Current.CancellationToken
        );

    public async ValueTask DisposeAsync()
    {
        await Database.DisposeAsync();
        await _harness.DisposeAsync();
    }

    private static string Numbers(int count) => $"with recursive n(i) as (select 1 union all select i + 1 from n where i < {count}) ";

    private static string Text(string prefix) => $"'{prefix}' || substr(cast(1000000000000 + i as text), 2)";

    private string ReservationIdSql =>
        _isSqlite ? $"unhex({Text("00000000000070008000")})" : $"cast({Text("00000000-0000-7000-8000-")} as uuid)";

    private static string GenerationIdSql => Text("00000000-0000-4000-8000-");

    /// <summary>Three at once every three minutes, the last ones an hour ago.</summary>
    private string At => $"({(Time.GetUtcNow() - TimeSpan.FromHours(1)).Micros()} - cast({_size} - i + i % 3 as bigint) * 60000000)";

    private static string Tenant => "case when i <= 20 then 'b' when i > 75 and i % 10 = 0 then 'c' else 'a' end";

    /// <summary>
    /// The first 20 are of <c>b</c>. Then come 10 written off, 10 that are stuck, 5 each that are unknown, reserved and
    /// being forwarded, 20 released. The rest is settled, but every tenth is of <c>c</c> and released.
    /// </summary>
    private string Reservations()
    {
        var bytes = _isSqlite ? "x'00'" : "'\\x00'::bytea";
        return Numbers(_size)
            + $"""
                insert into reservation (id, tenant, state, version, images, micros, charged, day, month, sequence, sent, body_hash, model,
                  prompt_hash, seed, width, height, enhanced, instance, reserved_at, forwarded_at)
                select {ReservationIdSql}, {Tenant},
                  case when i <= 20 then 'S' when i <= 30 then 'W' when i <= 40 then 'S' when i <= 45 then 'U' when i <= 50 then 'R'
                    when i <= 55 then 'F' when i <= 75 or i % 10 = 0 then 'V' else 'S' end,
                  1, 1, 1, 1, '2026-11-22', '2026-11', i, i, {bytes}, 'model', {bytes}, i, 1, 1, false, {ReservationIdSql}, {At}, {At}
                from n
                """;
    }

    /// <summary>The last quarter is pending and not due; the middle was deleted by its owner.</summary>
    private string Generations()
    {
        var now = Time.GetUtcNow().Micros();
        var isPending = $"i > {_size - _size / 4} or i > 30 and i <= 50";
        return Numbers(_size)
            + $"""
                insert into generation (id, tenant, reservation_id, created_at, status, ended_at, deleted_at, stuck_at, next_poll_at)
                select {GenerationIdSql}, {Tenant}, {ReservationIdSql}, {At}, case when {isPending} then 'PENDING' else 'COMPLETE' end,
                  case when {isPending} then null else {At} + 1 end,
                  case when i > {_size / 4} and i <= {_size - _size / 4} then 1 end, case when i > 30 and i <= 40 then 1 end,
                  case when i > 40 and i <= 45 then 0 when i > 45 and i <= 50 then {now} - 1000000 else {now} + 5000000 + i end
                from n
                """;
    }

    private IEnumerable<string> Others()
    {
        yield return $"{Numbers(_size)} insert into image (id, generation_id, tenant, n) select {GenerationIdSql}, {GenerationIdSql}, {Tenant}, 0 from n";
        var day = $"i / {Tenants + 1}";
        day = _isSqlite ? $"date('2024-01-01', ({day}) || ' days')" : $"to_char(date '2024-01-01' + cast({day} as integer), 'YYYY-MM-DD')";
        var sum = $"case when i % {Tenants + 1} = 0 then {Tenants} else 1 end";
        yield return Numbers(_size)
            + $"""
                insert into quota_window (tenant, period, images_held, images_spent, micros_held, micros_spent, generations)
                select case when i % {Tenants + 1} = 0 then '*' else 't' || (i % {Tenants + 1}) end, {day}, 0, {sum}, 0, {sum}, {sum} from n
                """;
        yield return $"{Numbers(Tenants)} insert into counter (tenant, sequence, active) select 't' || i, 1, 0 from n";
        yield return Numbers(_size)
            + $"""
                insert into upload (id, tenant, extension, token, created_at, expires_at, completed_at)
                select {GenerationIdSql}, 'a', 'png', '', 1, 1 + i, case when i % 100 <> 0 then 1 end from n
                """;
        yield return $"{Numbers(_size / 10)} insert into reconciliation (reservation_id, attempts, next_at) select {GenerationIdSql}, 1, i from n";
        yield return Numbers(_size)
            + $$"""
                insert into admin_audit (n, at, who, action, target, reason, detail, previous_hash, hash)
                select i, i, '', '', '', '', '{}', '', '' from n
                """;
    }
}
