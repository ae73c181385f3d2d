using System.Collections.Concurrent;
using Gateway.Generations;
using Gateway.Ledger;
using Gateway.Ledger.Writer;
using Gateway.Results;
using Gateway.Tenants;

namespace Gateway.Jobs;

/// <summary>Sends the jobs that this process claims, each once, whether or not anybody waits for it.</summary>
internal sealed partial class JobSender(
    QuotaLedger ledger,
    CreateGeneration generations,
    JobRepository jobs,
    TenantDirectory tenants,
    ILogger<JobSender> log
) : IHostedLifecycleService
{
    private readonly ConcurrentDictionary<Guid, Task> _sending = new();

    /// <summary>Only now it is known which tenants are suspended.</summary>
    public Task StartedAsync(CancellationToken cancellationToken)
    {
        ledger.Jobs.SendBy(
            new JobDispatch(
                tenant => tenants.IsActive(tenant) ? tenants.Current.Tenants.GetValueOrDefault(tenant) : null,
                tenants.IsSuspended,
                Send
            )
        );
        return Task.CompletedTask;
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Jobs stay queued; what was sent is finished.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        // A batch that was on its way when the queue was closed may claim some more.
        while (!_sending.IsEmpty && !cancellationToken.IsCancellationRequested)
            await Task.WhenAll(_sending.Values).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private void Send(ClaimedJob job)
    {
        var sending = Task.Run(() => SendAsync(job));
        _sending[job.Reservation.Id] = sending;
        _ = sending.ContinueWith(_ => _sending.TryRemove(job.Reservation.Id, out var _), TaskScheduler.Default);
    }

    private async Task SendAsync(ClaimedJob job)
    {
        var row = job.Reservation;
        byte[]? request = null;
        Exception? unreadable = null;
        try
        {
            request = await jobs.FindRequestAsync(row.Id, CancellationToken.None);
        }
        catch (Exception fault)
        {
            unreadable = fault;
        }
        if (request is null)
        {
            Log.Unsent(log, unreadable, row.JobId!.Value, row.Tenant);
            ledger.Jobs.Unsend(job);
            return;
        }
        try
        {
            var result = await generations.SendAsync(job.Admission, request, row.Price);
            Log.Sent(log, row.JobId!.Value, row.Tenant, row.Id, result.GetType().Name);
        }
        catch (Exception bug)
        {
            // Its outcome is unknown from now on: the sweep hands it to the reconciler.
            Log.Failed(log, bug, row.JobId!.Value, row.Tenant, row.Id);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "Sent job {JobId} of {Tenant} as reservation {ReservationId}: {Outcome}")]
        public static partial void Sent(ILogger logger, Guid jobId, string tenant, Guid reservationId, string outcome);

        [LoggerMessage(
            Level = LogLevel.Warning,
            Message = "Job {JobId} of {Tenant} was not sent, because its request could not be read from the store. Nothing was charged; it is tried again"
        )]
        public static partial void Unsent(ILogger logger, Exception? fault, Guid jobId, string tenant);

        [LoggerMessage(
            Level = LogLevel.Error,
            Message = "Sending job {JobId} of {Tenant} failed. Reservation {ReservationId} stays held until it is reconciled"
        )]
        public static partial void Failed(ILogger logger, Exception bug, Guid jobId, string tenant, Guid reservationId);
    }
}
