using Gateway.Storage;
using Gateway.Tenants;

namespace Gateway.Admin;

/// <summary>
/// The suspended tenants. They are kept in the store and read at start and every two seconds, so that every replica
/// knows within five.
/// </summary>
internal sealed partial class Suspensions(
    Database database,
    TenantDirectory tenants,
    AuditTrail audit,
    TimeProvider time,
    ILogger<Suspensions> log
) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private bool _isUnavailable;

    /// <summary>Suspends or resumes a tenant. Repeating it only adds a line to the audit trail.</summary>
    public async Task SetAsync(string tenant, bool suspended, string @operator, string reason, CancellationToken cancellationToken)
    {
        await database.WriteAsync(
            async (connection, transaction, cancellationToken) =>
            {
                await audit.AddAsync(
                    connection,
                    transaction,
                    new AuditEntry(@operator, suspended ? "suspend" : "resume", tenant, reason),
                    cancellationToken
                );
                await connection
                    .PositionalCommand("delete from suspension where tenant = @p0", tenant)
                    .ExecuteAsync(transaction, cancellationToken);
                if (suspended)
                    await connection
                        .PositionalCommand(
                            "insert into suspension (tenant, since, reason) values (@p0, @p1, @p2)",
                            tenant,
                            UnixMicroseconds.From(time.GetUtcNow()),
                            reason
                        )
                        .ExecuteAsync(transaction, cancellationToken);
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

    /// <summary>
    /// While the store is unavailable, the tenants last read stay suspended; nothing is admitted then anyway.
    /// </summary>
    private async Task TryLoadAsync(CancellationToken cancellationToken)
    {
        try
        {
            await LoadAsync(cancellationToken);
            _isUnavailable = false;
        }
        catch (Exception failure) when (failure is not OperationCanceledException and not StoreRefusedException)
        {
            if (!_isUnavailable)
                Log.ReadFailed(log, failure.GetType().Name);
            _isUnavailable = true;
        }
    }

    private async Task LoadAsync(CancellationToken cancellationToken) =>
        tenants.SetSuspended(
            await database.ReadAsync(
                (connection, cancellationToken) =>
                    connection.PositionalCommand("select tenant from suspension").ReadAsync(row => row.GetString(0), cancellationToken),
                cancellationToken
            )
        );

    private static partial class Log
    {
        [LoggerMessage(
            Level = LogLevel.Warning,
            Message = "The suspended tenants cannot be read ({Failure}): those last read stay suspended; check the store"
        )]
        public static partial void ReadFailed(ILogger logger, string failure);
    }
}
