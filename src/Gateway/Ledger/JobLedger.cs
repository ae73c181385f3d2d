using System.Collections.Concurrent;
using Gateway.Edge;
using Gateway.Ledger.Rules;
using Gateway.Ledger.Writer;

namespace Gateway.Ledger;

/// <summary>The queue of jobs in the ledger (docs/ledger.md, "Jobs").</summary>
/// <param name="open">What this process is sending.</param>
internal sealed class JobLedger(LedgerWriter writer, LedgerClient client, ConcurrentDictionary<Guid, (string Tenant, string Model)> open)
{
    /// <summary>From now on this process sends jobs. Before it is called, it only accepts them.</summary>
    public void SendBy(JobDispatch dispatch) =>
        writer.Jobs = dispatch with
        {
            Send = job =>
            {
                open[job.Reservation.Id] = (job.Reservation.Tenant, job.Reservation.Fingerprint.Model);
                dispatch.Send(job);
            },
        };

    /// <summary>A claimed job that was certainly not sent: its turn comes again.</summary>
    public void Unsend(ClaimedJob job)
    {
        open.TryRemove(job.Reservation.Id, out _);
        writer.Post(job.Unsend());
    }

    /// <summary>When jobs at these places in their tenant's queue are sent, by the rate of the last minute.</summary>
    /// <exception cref="StoreUnavailableException">The store did not answer.</exception>
    public Task<List<DateTimeOffset>> EstimateAsync(string tenant, IReadOnlyList<long> places, CancellationToken cancellationToken) =>
        client
            .RunAsync(
                keys =>
                {
                    keys.Tenants.Add(tenant);
                    keys.Queue = true;
                },
                rules =>
                    places.Select(place => rules.Shares.Queue(tenant, place)).Select(queue => queue.At.AddSeconds(queue.Seconds)).ToList()
            )
            .WaitAsync(cancellationToken);

    /// <summary>Durable when it returns.</summary>
    /// <param name="reservationId">Its last one.</param>
    /// <returns>As it is now; null: there is no such reservation.</returns>
    /// <exception cref="StoreUnavailableException">The store did not answer; it may be cancelled.</exception>
    public Task<Reservation?> CancelAsync(Guid reservationId, CancellationToken cancellationToken) =>
        client
            .RunAsync(keys => keys.Reservations.Add(reservationId), rules => rules.Outcomes.Jobs.Cancel(reservationId))
            .WaitAsync(cancellationToken);
}
