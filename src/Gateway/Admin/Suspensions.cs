using Gateway.Storage;
using Gateway.Tenants;

namespace Gateway.Admin;

/// <summary>Which tenants are suspended is a fact of the store: read at start and every two seconds, so that every replica knows within five.</summary>
internal sealed class Suspensions(Database database, TenantDirectory tenants, AuditTrail audit, TimeProvider time, ILogger<Suspensions> log)
    : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private bool _isAway;

    /// <summary>Suspends, or resumes. Repeating it changes nothing but the trail.</summary>
    public async Task SetAsync(string tenant, bool suspended, string who, string reason, CancellationToken cancellationToken)
    {
        await database.WriteAsync(
            async (connection, transaction, cancellationToken) =>
            {
                await audit.AddAsync(
                    connection,
                    transaction,
                    new AuditEntry(who, suspended ? "suspend" : "resume", tenant, reason),
                    cancellationToken
                );
                await connection.Sql(transaction, "delete from suspension where tenant = @p0", tenant).ExecuteAsync(cancellationToken);
                if (suspended)
                    await connection
                        .Sql(
                            transaction,
                            "insert into suspension (tenant, since, reason) values (@p0, @p1, @p2)",
                            tenant,
                            AdminSql.Micros(time.GetUtcNow()),
                            reason
                        )
                        .ExecuteAsync(cancellationToken);
                return true;
            },
            cancellationToken
        );
        await LoadAsync(cancellationToken);
    }

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await TryLoadAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
            await TryLoadAsync(cancellationToken);
    }

    /// <summary>While the store is away the last known ones stay suspended; nothing is admitted then anyway.</summary>
    private async Task TryLoadAsync(CancellationToken cancellationToken)
    {
        try
        {
            await LoadAsync(cancellationToken);
            _isAway = false;
        }
        catch (Exception away) when (away is not OperationCanceledException and not StoreRefusedException)
        {
            if (!_isAway)
                log.LogWarning("Who is suspended cannot be read ({Fault}): those known stay so", away.GetType().Name);
            _isAway = true;
        }
    }

    private async Task LoadAsync(CancellationToken cancellationToken) =>
        tenants.SetSuspended(
            await database.ReadAsync(
                (connection, cancellationToken) =>
                    connection.Sql(null, "select tenant from suspension").ListAsync(row => row.GetString(0), cancellationToken),
                cancellationToken
            )
        );
}
