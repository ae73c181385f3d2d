using Gateway.Edge.Problems;
using Gateway.Ledger;
using Gateway.Ledger.Rules;
using Gateway.Leonardo;
using Gateway.Leonardo.Replies;
using Gateway.Storage;

namespace Gateway.Reconciliation;

/// <summary>
/// Resolves reservations whose outcome is unknown by the account's list of generations, never by sending again (L6).
/// What is found is charged and gets its owner; what is certainly absent is released; the rest stays open, and an
/// operator can decide.
/// </summary>
internal sealed partial class Reconciler(
    QuotaLedger ledger,
    ReconciliationRepository reconciliations,
    LeonardoApi leonardo,
    ReconcilerOptions options,
    TimeProvider time,
    ILogger<Reconciler> log
) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan PruneInterval = TimeSpan.FromMinutes(10);

    /// <summary>Pages overlap, because a generation that is deleted meanwhile moves the later ones forward.</summary>
    private const int PageOverlap = 5;

    /// <summary>15,000 generations: two and a half hours of the account at its full rate.</summary>
    private const int MaxPages = 1000;

    private static readonly Outcome NeverCreated = new(
        ProblemTypes.UpstreamRejected.Name,
        ProblemTypes.UpstreamRejected.Status,
        "The request was sent, but Leonardo created no generation. Nothing was charged.",
        "other"
    );

    private readonly HashSet<Guid> _reported = [];
    private string? _userId;
    private DateTimeOffset _pruneAt = time.GetUtcNow() + PruneInterval;

    protected override async Task ExecuteAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        do
        {
            try
            {
                await RunOnceAsync(cancellationToken);
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                Log.RoundFailed(log, exception);
            }
        } while (await timer.WaitForNextTickAsync(cancellationToken));
    }

    /// <summary>Checks the reservations that are due, once.</summary>
    public async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        if (time.GetUtcNow() >= _pruneAt)
        {
            _pruneAt = time.GetUtcNow() + PruneInterval;
            while (await reconciliations.PruneAsync(cancellationToken) == ReconciliationRepository.SliceSize) { }
        }
        var open = await ledger.UnknownReservationsAsync(cancellationToken);
        if (open.Count == 0)
            return;
        var claimed = await reconciliations.ClaimAsync([.. open.Select(reservation => reservation.Id)], cancellationToken);
        if (claimed.Count == 0)
            return;

        // Reads no further back than the claimed reservations need: young ones need little, and old ones are claimed
        // rarely.
        var oldest = open.Where(reservation => claimed.Contains(reservation.Id)).Min(reservation => reservation.ForwardedAt);
        var (listed, isComplete) = await ListAsync(oldest - GenerationMatcher.ClockTolerance, cancellationToken);
        // The order matters: what was in flight when the list was read is now in flight, unknown, or owned.
        var seeds = await reconciliations.ReadSeedsInFlightAsync(cancellationToken);
        open = await ledger.UnknownReservationsAsync(cancellationToken);
        var owned = await reconciliations.FindOwnedAsync(listed.Keys, cancellationToken);
        var matcher = new GenerationMatcher([.. listed.Values.Where(row => !owned.Contains(row.Id))], isComplete, open, seeds);
        foreach (var reservation in open.Where(reservation => claimed.Contains(reservation.Id)))
            await ActAsync(reservation, matcher.Match(reservation, options.AbsentAfter), cancellationToken);
    }

    private async Task ActAsync(UnknownReservation reservation, MatchResult result, CancellationToken cancellationToken)
    {
        switch (result)
        {
            case MatchResult.Found found:
                var settlement = new Settlement(found.GenerationId, reservation.Micros, null, null, "DOLLARS");
                if (await ledger.ReconcileAsync(reservation.Id, new ReconciliationResult.Found(settlement, "listed")))
                    Log.Found(log, reservation.Id, found.GenerationId);
                break;
            case MatchResult.Absent:
                if (await ledger.ReconcileAsync(reservation.Id, new ReconciliationResult.Absent(NeverCreated, "not-listed")))
                    Log.Released(log, reservation.Id);
                break;
            case MatchResult.Ambiguous ambiguous:
                if (_reported.Add(reservation.Id))
                    Log.Ambiguous(log, reservation.Id, ambiguous.Why);
                await reconciliations.SetNoteAsync(reservation.Id, ambiguous.Why, cancellationToken);
                break;
            case MatchResult.NotYet notYet:
                await reconciliations.SetNoteAsync(reservation.Id, notYet.Why, cancellationToken);
                break;
        }
    }

    /// <summary>
    /// The account's generations back to <paramref name="since"/>. Their order is not documented, so reading stops only
    /// at a page that is older as a whole, or empty.
    /// </summary>
    private async Task<(Dictionary<string, UpstreamGeneration> Listed, bool IsWhole)> ListAsync(
        DateTimeOffset since,
        CancellationToken cancellationToken
    )
    {
        var listed = new Dictionary<string, UpstreamGeneration>(StringComparer.Ordinal);
        if (await GetUserIdAsync(cancellationToken) is not { } userId)
            return (listed, false);
        for (var page = 0; page < MaxPages; page++)
        {
            var reply = await leonardo.ListGenerationsAsync(userId, page * (LeonardoApi.PageSize - PageOverlap), cancellationToken);
            if (reply is not ApiOutcome<IReadOnlyList<UpstreamGeneration>>.Found { Value: var rows })
                return (listed, false);
            foreach (var row in rows)
                listed[row.Id] = row;
            if (rows.Count == 0 || rows.All(row => row.CreatedAt < since))
                return (listed, true);
        }
        return (listed, false);
    }

    private async Task<string?> GetUserIdAsync(CancellationToken cancellationToken)
    {
        if (_userId is null && await leonardo.GetUserIdAsync(cancellationToken) is ApiOutcome<string>.Found { Value: var userId })
            _userId = userId;
        return _userId;
    }

    private static partial class Log
    {
        [LoggerMessage(
            Level = LogLevel.Warning,
            Message = "The reconciler could not finish its round. Unknown reservations stay held; it tries again in five seconds"
        )]
        public static partial void RoundFailed(ILogger log, Exception exception);

        [LoggerMessage(
            Level = LogLevel.Information,
            Message = "Reservation {ReservationId} was found as generation {GenerationId}. It is charged to its tenant"
        )]
        public static partial void Found(ILogger log, Guid reservationId, string generationId);

        [LoggerMessage(
            Level = LogLevel.Information,
            Message = "Leonardo created no generation for reservation {ReservationId}. Its quota is released"
        )]
        public static partial void Released(ILogger log, Guid reservationId);

        [LoggerMessage(
            Level = LogLevel.Error,
            Message = "Reservation {ReservationId} stays held until an operator decides it in the admin API: {Why}"
        )]
        public static partial void Ambiguous(ILogger log, Guid reservationId, string why);
    }
}
