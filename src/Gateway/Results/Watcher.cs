using System.Collections.Concurrent;
using Gateway.Edge.Http;
using Gateway.Ledger;
using Gateway.Ledger.Rules;
using Gateway.Leonardo;
using Gateway.Leonardo.Replies;

namespace Gateway.Results;

/// <summary>
/// Polls the upstream for each running generation, on one schedule per generation, however many callers wait and
/// however many replicas run.
/// </summary>
internal sealed partial class Watcher(
    PollQueue queue,
    CompletionWaiters waiters,
    LeonardoApi leonardo,
    AccountRequests account,
    QuotaLedger ledger,
    QuotaOptions quotas,
    WatcherOptions options,
    TimeProvider time,
    ILogger<Watcher> log
) : BackgroundService
{
    /// <summary>Bounded because the end of each is written to the store.</summary>
    private const int MaxConcurrentPolls = 32;

    /// <summary>
    /// How soon it notices a generation that another part of the gateway, or another replica, recorded.
    /// </summary>
    private static readonly TimeSpan IdlePause = TimeSpan.FromSeconds(0.5);

    /// <summary>
    /// Between rounds that claim polls: what becomes due meanwhile shares a commit with its claim, and another with
    /// its end.
    /// </summary>
    private static readonly TimeSpan BusyPause = TimeSpan.FromSeconds(0.05);

    /// <summary>A set of generation ids; the values are unused.</summary>
    private readonly ConcurrentDictionary<string, byte> _polling = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _wake = new(0, 1);
    private readonly PollRate _rate = new(options.PollsPerMinute, time);
    private long? _hastened;
    private long _lastRound = time.GetUtcNow().UtcTicks;

    /// <summary>
    /// The end of the last round without an error; before the first one, when the watcher was created.
    /// </summary>
    public DateTimeOffset LastRound => new(Volatile.Read(ref _lastRound), TimeSpan.Zero);

    /// <summary>Called once for each generation whose end this replica records, with its age.</summary>
    public Action<GenerationStatus, TimeSpan>? Ended { get; set; }

    /// <summary>Polls in flight.</summary>
    public int Polling => _polling.Count;

    /// <summary>Starts the next round now, because something became due early.</summary>
    public void Wake()
    {
        try
        {
            _wake.Release();
        }
        catch (SemaphoreFullException)
        {
            // A wake-up is pending already.
        }
    }

    protected override async Task ExecuteAsync(CancellationToken cancellationToken)
    {
        var isFailing = false;
        while (!cancellationToken.IsCancellationRequested)
        {
            var pause = IdlePause;
            try
            {
                pause = await RunRoundAsync(cancellationToken);
                Volatile.Write(ref _lastRound, time.GetUtcNow().UtcTicks);
                isFailing = false;
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                // Logged once per outage: the ledger reports the same outage.
                if (!isFailing)
                    Log.StoreUnavailable(log, exception);
                isFailing = true;
            }
            await PauseAsync(pause, cancellationToken);
        }
    }

    /// <returns>The pause before the next round.</returns>
    private async Task<TimeSpan> RunRoundAsync(CancellationToken cancellationToken)
    {
        if (waiters.Counts is { Count: > 0 } waitedFor)
            await CompleteWaitersAsync(waitedFor.Keys, cancellationToken);
        var next = await queue.GetTimeToNextAsync(cancellationToken);
        // Somebody waits for the end of a generation, and not for the account's minute. Some slots are kept free.
        var hurry =
            ledger.Waiting > 0 && queue.Running >= quotas.ConcurrentGenerations - ShareRules.KeptFreeOf(quotas.ConcurrentGenerations);
        if (hurry && (_hastened is not { } last || time.GetElapsedTime(last) >= queue.ShortPause))
        {
            // Again and again: replicas where nobody waits claim polls with the usual pauses.
            _hastened = time.GetTimestamp();
            await queue.HastenAsync(cancellationToken);
        }
        if (next is null || next > TimeSpan.Zero)
            return next is { } soon && soon < IdlePause ? soon : IdlePause;
        var limit = Math.Min(Math.Min(MaxConcurrentPolls - _polling.Count, _rate.Left), account.Left);
        if (limit <= 0)
            return BusyPause;
        var claims = await queue.ClaimAsync(limit, hurry, cancellationToken);
        foreach (var claim in claims)
        {
            // Added before the poll starts, because the poll removes it when it ends.
            if (!_polling.TryAdd(claim.Id, 0))
                continue;
            _rate.Spend();
            _ = PollAsync(claim, cancellationToken);
        }
        return BusyPause;
    }

    private async Task PollAsync(PollClaim claim, CancellationToken cancellationToken)
    {
        await Task.Yield();
        try
        {
            await ConcludeAsync(claim, await leonardo.GetGenerationAsync(claim.Id, cancellationToken), cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            Log.NotStored(log, exception, claim.Id);
        }
        finally
        {
            _polling.TryRemove(claim.Id, out _);
        }
    }

    private async Task ConcludeAsync(PollClaim claim, ApiOutcome<UpstreamGeneration> outcome, CancellationToken cancellationToken)
    {
        switch (outcome)
        {
            case ApiOutcome<UpstreamGeneration>.Found { Value: var generation }
                when generation.Id == claim.Id && generation.Status != GenerationStatus.Pending:
                await EndAsync(claim, generation.Status, generation, cancellationToken);
                return;
            case ApiOutcome<UpstreamGeneration>.Found { Value: var generation } when generation.Id == claim.Id && !claim.HasRow:
                await queue.StoreProgressAsync(generation, cancellationToken);
                break;
            // Deleted at its end; or by somebody else while it ran, then its slot stays in use until its time limit.
            case ApiOutcome<UpstreamGeneration>.Missing when claim is { IsDeleted: true, HasSlot: false }:
                await ledger.EndAsync(new GenerationEnd(claim.Id, ResultRow.ToLabel(GenerationStatus.Failed), IsDeleted: true, null, []));
                return;
            case ApiOutcome<UpstreamGeneration>.Unclear unclear:
                Log.NotRead(log, claim.Id, unclear.Why);
                break;
        }
        if (!claim.IsStuck && claim.Age > options.Deadline)
        {
            Log.Stuck(log, claim.Id, claim.Age);
            await ledger.EndAsync(claim.Id);
            await queue.MarkStuckAsync(claim.Id, cancellationToken);
        }
    }

    /// <summary>
    /// Frees the slot and stores the result in one commit. What its owner deleted while it ran is deleted upstream
    /// first, and its slot is free before that; if it fails, it is polled, and tried, again.
    /// </summary>
    private async Task EndAsync(
        PollClaim claim,
        GenerationStatus status,
        UpstreamGeneration generation,
        CancellationToken cancellationToken
    )
    {
        using var end = Tracing.Later("complete", claim.Trace);
        if (claim.IsDeleted)
            await ledger.EndAsync(claim.Id);
        if (claim.IsDeleted && (await leonardo.DeleteGenerationAsync(claim.Id, cancellationToken)).Fault is { } fault)
        {
            Log.NotDeleted(log, claim.Id, fault.Why);
            return;
        }
        var result = await queue.RowAsync(generation, cancellationToken);
        var images = generation.Images.Select(image => (image.Id, image.Url?.AbsoluteUri)).ToList();
        if (!await ledger.EndAsync(new GenerationEnd(claim.Id, ResultRow.ToLabel(status), claim.IsDeleted, result, images)))
            return;
        Ended?.Invoke(status, claim.Age);
        if (waiters.Has(claim.Id))
            await CompleteWaitersAsync([claim.Id], cancellationToken);
    }

    private async Task CompleteWaitersAsync(IReadOnlyCollection<string> ids, CancellationToken cancellationToken)
    {
        foreach (var (id, ended) in await queue.FindEndedAsync(ids, cancellationToken))
            waiters.Complete(id, ended);
    }

    private async Task PauseAsync(TimeSpan pause, CancellationToken cancellationToken)
    {
        if (pause <= TimeSpan.Zero)
            return;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(Task.Delay(pause, time, either.Token), _wake.WaitAsync(either.Token));
        await either.CancelAsync();
    }

    private static partial class Log
    {
        [LoggerMessage(
            Level = LogLevel.Error,
            Message = "The watcher cannot use the store, so results are noticed late. It tries again twice a second; check the store"
        )]
        public static partial void StoreUnavailable(ILogger log, Exception exception);

        [LoggerMessage(
            Level = LogLevel.Warning,
            Message = "The result of generation {GenerationId} could not be stored. It is polled again by its schedule"
        )]
        public static partial void NotStored(ILogger log, Exception exception, string generationId);

        [LoggerMessage(Level = LogLevel.Debug, Message = "Generation {GenerationId} could not be read: {Why}. It is polled again")]
        public static partial void NotRead(ILogger log, string generationId, string why);

        [LoggerMessage(
            Level = LogLevel.Warning,
            Message = "Generation {GenerationId} has ended and was deleted by its owner, but Leonardo did not delete it: {Why}. It is tried again with the next poll"
        )]
        public static partial void NotDeleted(ILogger log, string generationId, string why);

        [LoggerMessage(
            Level = LogLevel.Error,
            Message = "Generation {GenerationId} has been pending for {Age}, longer than Leonardo:GenerationDeadline. It counts as stuck and its slot is free again; ask Leonardo about it"
        )]
        public static partial void Stuck(ILogger log, string generationId, TimeSpan age);
    }
}
