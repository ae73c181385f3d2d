using System.Collections.Concurrent;
using System.Data.Common;
using Gateway.Edge.Http;
using Gateway.Images;
using Gateway.Ledger;
using Gateway.Leonardo;
using Gateway.Leonardo.Replies;

namespace Gateway.Results;

/// <summary>Asks the upstream what became of each running generation: one schedule for each, however many wait and however many replicas there are.</summary>
internal sealed class Watcher(
    PollQueue list,
    CompletionWaiters waiters,
    ImageStore images,
    LeonardoApi leonardo,
    QuotaLedger ledger,
    WatcherOptions options,
    TimeProvider time,
    ILogger<Watcher> log
) : BackgroundService
{
    /// <summary>Polls under way; the connections are shared with the requests that make money.</summary>
    private const int MostAtOnce = 32;

    /// <summary>How soon a generation that another part of the gateway, or another replica, recorded is noticed.</summary>
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan Busy = TimeSpan.FromSeconds(0.1);
    private static readonly TimeSpan PruneEvery = TimeSpan.FromMinutes(10);

    /// <summary>The ids of the generations that are being asked for; the values say nothing.</summary>
    private readonly ConcurrentDictionary<string, byte> _polling = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _nudged = new(0, 1);
    private readonly PollRate _rate = new(options.PollsPerMinute, time);
    private DateTimeOffset _pruneAt = time.GetUtcNow() + PruneEvery;
    private long _lastRound = time.GetUtcNow().UtcTicks;

    /// <summary>When it last went round without a fault; before it did, when it was made.</summary>
    public DateTimeOffset LastRound => new(Volatile.Read(ref _lastRound), TimeSpan.Zero);

    /// <summary>Polls under way.</summary>
    public int Polling => _polling.Count;

    /// <summary>Something is due before the watcher thinks.</summary>
    public void Nudge()
    {
        try
        {
            _nudged.Release();
        }
        catch (SemaphoreFullException)
        {
            // It is on its way already.
        }
    }

    protected override async Task ExecuteAsync(CancellationToken cancellationToken)
    {
        var isAway = false;
        while (!cancellationToken.IsCancellationRequested)
        {
            var pause = LookAgain;
            try
            {
                pause = await TurnAsync(cancellationToken);
                Volatile.Write(ref _lastRound, time.GetUtcNow().UtcTicks);
                isAway = false;
            }
            catch (Exception fault) when (fault is not OperationCanceledException)
            {
                // Said once: the store is away for everybody, and the ledger says so too.
                if (!isAway)
                    log.LogError(fault, "The watcher cannot use the store; it tries again twice a second");
                isAway = true;
            }
            await PauseAsync(pause, cancellationToken);
        }
    }

    /// <returns>How long nothing is due.</returns>
    private async Task<TimeSpan> TurnAsync(CancellationToken cancellationToken)
    {
        if (waiters.Ids is { Count: > 0 } waitedFor)
        {
            foreach (var (id, ended) in await list.EndedAsync(waitedFor, cancellationToken))
                waiters.Complete(id, ended);
        }
        if (time.GetUtcNow() >= _pruneAt)
        {
            _pruneAt = time.GetUtcNow() + PruneEvery;
            foreach (var image in await list.PruneAsync(cancellationToken))
                images.Remove(image);
        }

        var next = await list.NextAsync(cancellationToken);
        if (next is null || next > TimeSpan.Zero)
            return next is { } soon && soon < LookAgain ? soon : LookAgain;
        var most = Math.Min(MostAtOnce - _polling.Count, _rate.Left);
        if (most <= 0)
            return Busy;
        var claimed = await list.ClaimAsync(most, cancellationToken);
        foreach (var watched in claimed)
        {
            // Entered before it begins: it may end, and take itself out, before this line does.
            if (!_polling.TryAdd(watched.Id, 0))
                continue;
            _rate.Spend();
            _ = PollAsync(watched, cancellationToken);
        }
        // None: another replica was faster.
        return claimed.Count > 0 ? TimeSpan.Zero : Busy;
    }

    private async Task PollAsync(PollClaim watched, CancellationToken cancellationToken)
    {
        await Task.Yield();
        try
        {
            await ConcludeAsync(watched, await leonardo.GenerationAsync(watched.Id, cancellationToken), cancellationToken);
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            // It is due again by its schedule.
            log.LogWarning(fault, "What was learnt of generation {GenerationId} could not be stored", watched.Id);
        }
        finally
        {
            _polling.TryRemove(watched.Id, out _);
        }
    }

    private async Task ConcludeAsync(PollClaim watched, ApiReply<UpstreamGeneration> reply, CancellationToken cancellationToken)
    {
        switch (reply)
        {
            case ApiReply<UpstreamGeneration>.Found { Value: var seen }
                when seen.Id == watched.Id && seen.Status != GenerationStatus.Pending:
                await EndAsync(watched, seen.Status, seen, cancellationToken);
                return;
            case ApiReply<UpstreamGeneration>.Found { Value: var seen } when seen.Id == watched.Id && !watched.HasRow:
                await list.KeepAsync(seen, cancellationToken);
                break;
            // Deleted by its owner: it has no end that anybody could see.
            case ApiReply<UpstreamGeneration>.Missing when watched.IsDeleted:
                await EndAsync(watched, GenerationStatus.Failed, null, cancellationToken);
                return;
            case ApiReply<UpstreamGeneration>.Unclear unclear:
                log.LogDebug("Generation {GenerationId} could not be read: {Why}", watched.Id, unclear.Why);
                break;
        }
        if (!watched.IsStuck && watched.Age > options.Deadline)
        {
            log.LogError(
                "Generation {GenerationId} is pending for {Age}: it counts as stuck, and holds no slot any more",
                watched.Id,
                watched.Age
            );
            await ledger.EndAsync(watched.Id);
            await list.MarkStuckAsync(watched.Id, cancellationToken);
        }
    }

    /// <summary>The slot first: what was freed and not recorded is freed again; what was recorded and not freed would stay held.</summary>
    private async Task EndAsync(PollClaim watched, GenerationStatus status, UpstreamGeneration? seen, CancellationToken cancellationToken)
    {
        using var end = Tracing.Later("complete", watched.Trace);
        await ledger.EndAsync(watched.Id);
        var (ended, stored) = await list.EndAsync(watched.Id, status, seen, cancellationToken);
        if (ended)
            waiters.Complete(watched.Id, stored);
    }

    private async Task PauseAsync(TimeSpan pause, CancellationToken cancellationToken)
    {
        if (pause <= TimeSpan.Zero)
            return;
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(Task.Delay(pause, time, enough.Token), _nudged.WaitAsync(enough.Token));
        await enough.CancelAsync();
    }
}
