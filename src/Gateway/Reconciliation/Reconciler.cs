using Gateway.Edge.Problems;
using Gateway.Ledger;
using Gateway.Ledger.PostgreSql;
using Gateway.Ledger.Rules;
using Gateway.Leonardo;
using Gateway.Leonardo.Replies;

namespace Gateway.Reconciliation;

/// <summary>
/// Finds out what became of requests that were sent and not answered: by the account's list of generations, never by sending again. What is found is charged
/// and becomes its tenant's; what is certainly not there is given back; the rest waits, and an operator can decide it.
/// </summary>
internal sealed class Reconciler(
    QuotaLedger ledger,
    ReconciliationRepository register,
    LeonardoApi leonardo,
    ReconcilerOptions options,
    TimeProvider time,
    ILogger<Reconciler> log
) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan PruneEvery = TimeSpan.FromMinutes(10);

    /// <summary>Pages overlap by this many: what is deleted while they are read moves the rest up.</summary>
    private const int Overlap = 5;

    /// <summary>15,000 generations: what the account makes in two and a half hours at its full rate.</summary>
    private const int MaxPages = 1000;

    private static readonly Outcome Absence = new(
        ProblemTypes.UpstreamRejected.Name,
        ProblemTypes.UpstreamRejected.Status,
        "The request was sent, but Leonardo made nothing of it. Nothing was charged.",
        "other"
    );

    private readonly HashSet<Guid> _told = [];
    private string? _userId;
    private DateTimeOffset _pruneAt = time.GetUtcNow() + PruneEvery;

    protected override async Task ExecuteAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        do
        {
            try
            {
                await RunOnceAsync(cancellationToken);
            }
            catch (Exception fault) when (fault is not OperationCanceledException)
            {
                log.LogWarning(fault, "The reconciler could not finish its turn; it tries again");
            }
        } while (await timer.WaitForNextTickAsync(cancellationToken));
    }

    /// <summary>Looks into what is due, once.</summary>
    public async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        if (time.GetUtcNow() >= _pruneAt)
        {
            _pruneAt = time.GetUtcNow() + PruneEvery;
            await register.PruneAsync(cancellationToken);
        }
        var open = await ledger.UnknownReservationsAsync(cancellationToken);
        if (open.Count == 0)
            return;
        var mine = await register.ClaimAsync([.. open.Select(reservation => reservation.Id)], cancellationToken);
        if (mine.Count == 0)
            return;

        // No further back than what is looked into now: of young ones the list is short, and old ones become due ever more rarely.
        var oldest = open.Where(reservation => mine.Contains(reservation.Id)).Min(reservation => reservation.ForwardedAt);
        var (listed, isWhole) = await ListAsync(oldest - GenerationMatcher.ClockTolerance, cancellationToken);
        // In this order: what was under way when the list was read is now under way, or unknown, or has an owner.
        var seeds = await ledger.SeedsUnderWayAsync(cancellationToken);
        open = await ledger.UnknownReservationsAsync(cancellationToken);
        var owned = await register.OwnedAsync(listed.Keys, cancellationToken);
        var evidence = new GenerationMatcher([.. listed.Values.Where(row => !owned.Contains(row.Id))], isWhole, open, seeds);
        foreach (var reservation in open.Where(reservation => mine.Contains(reservation.Id)))
            await ActAsync(reservation, evidence.Judge(reservation, options.AbsentAfter), cancellationToken);
    }

    private async Task ActAsync(UnknownReservation reservation, MatchResult finding, CancellationToken cancellationToken)
    {
        switch (finding)
        {
            case MatchResult.Found found:
                var settlement = new Settlement(found.GenerationId, reservation.Micros, null, null, "DOLLARS");
                if (await ledger.ReconcileAsync(reservation.Id, new ReconciliationResult.Found(settlement, "listed")))
                    log.LogInformation(
                        "Reservation {ReservationId} was made, as generation {GenerationId}",
                        reservation.Id,
                        found.GenerationId
                    );
                break;
            case MatchResult.Absent:
                if (await ledger.ReconcileAsync(reservation.Id, new ReconciliationResult.Absent(Absence, "not-listed")))
                    log.LogInformation("Reservation {ReservationId} was never made; what it held is given back", reservation.Id);
                break;
            case MatchResult.Ambiguous ambiguous:
                if (_told.Add(reservation.Id))
                    log.LogError("Reservation {ReservationId} needs an operator: {Why}", reservation.Id, ambiguous.Why);
                await register.NoteAsync(reservation.Id, ambiguous.Why, cancellationToken);
                break;
            case MatchResult.NotYet notYet:
                await register.NoteAsync(reservation.Id, notYet.Why, cancellationToken);
                break;
        }
    }

    /// <summary>The account's generations, back to that time. Their order is not documented: a page ends the reading only if all of it is older, or it is the last.</summary>
    private async Task<(Dictionary<string, UpstreamGeneration> Listed, bool IsWhole)> ListAsync(
        DateTimeOffset since,
        CancellationToken cancellationToken
    )
    {
        var listed = new Dictionary<string, UpstreamGeneration>(StringComparer.Ordinal);
        if (await UserIdAsync(cancellationToken) is not { } userId)
            return (listed, false);
        for (var page = 0; page < MaxPages; page++)
        {
            var reply = await leonardo.GenerationsAsync(userId, page * (LeonardoApi.PageSize - Overlap), cancellationToken);
            if (reply is not ApiReply<IReadOnlyList<UpstreamGeneration>>.Found { Value: var rows })
                return (listed, false);
            foreach (var row in rows)
                listed[row.Id] = row;
            if (rows.Count == 0 || rows.All(row => row.CreatedAt < since))
                return (listed, true);
        }
        return (listed, false);
    }

    private async Task<string?> UserIdAsync(CancellationToken cancellationToken)
    {
        if (_userId is null && await leonardo.UserIdAsync(cancellationToken) is ApiReply<string>.Found { Value: var userId })
            _userId = userId;
        return _userId;
    }
}
