namespace Gateway.Tenants.Sessions;

/// <summary>Deletes sessions that have expired.</summary>
internal sealed partial class SessionPruner(SessionStore sessions, TimeProvider time, ILogger<SessionPruner> log) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(10);

    protected override async Task ExecuteAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            try
            {
                while (await sessions.PruneAsync(cancellationToken))
                    await Task.Yield();
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                Log.NotPruned(log, failure);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            Level = LogLevel.Warning,
            Message = "Expired sessions were not deleted: none of them is valid any more, and the next attempt is in ten minutes"
        )]
        public static partial void NotPruned(ILogger logger, Exception exception);
    }
}
