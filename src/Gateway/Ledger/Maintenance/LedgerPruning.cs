using Gateway.Ledger.Rules;
using Gateway.Storage;

namespace Gateway.Ledger.Maintenance;

/// <summary>
/// Deletes what is past its retention, in the order in which it was made and a few rows at a time, so that the writer
/// is free in between. Ids are ordered by time (UUID version 7): they are the index.
/// </summary>
internal sealed class LedgerPruning(Database database, LedgerStore store, QuotaOptions options, TimeProvider time)
{
    /// <summary>Between two transactions, in lengths of the first: old rows are read from the disk.</summary>
    private const int Pause = 3;

    /// <summary>The clock of the process, which makes the ids, may differ from the store's by this much.</summary>
    private static readonly TimeSpan ClockDifference = TimeSpan.FromDays(1);

    /// <summary>
    /// Keys of reservations before this one are free. What it passed while it was open keeps its key until it is
    /// pruned: the rules of admission ignore a key that has expired.
    /// </summary>
    private Guid? _keysFreedTo;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var now = await LedgerTime.ReadAsync(database, cancellationToken);
        // Whether an answer is still owed depends on when its replica was last seen.
        var expired = now - (options.RepeatWindow > options.IdempotencyWindow ? options.RepeatWindow : options.IdempotencyWindow);
        await store.PruneInstancesAsync(expired, cancellationToken);
        var after = _keysFreedTo ?? FirstId(expired - ClockDifference - ClockDifference);
        await RepeatAsync(FreeKeysAsync, cancellationToken);
        _keysFreedTo = FirstId(expired - ClockDifference);
        var month = Period.MonthOf(now - options.Retention);
        var before = FirstId(Period.StartOf(month) + ClockDifference);
        await RepeatAsync(
            () => DeleteAsync(cancellationToken => store.PruneReservationsAsync(month, before, cancellationToken), cancellationToken),
            cancellationToken
        );

        async Task<bool> FreeKeysAsync()
        {
            var (last, isChanged) = await store.FreeKeysAsync(after, FirstId(expired + ClockDifference), expired, cancellationToken);
            // Most keys are free already.
            if (isChanged)
                await database.CheckpointAsync(cancellationToken);
            after = last ?? after;
            return last is not null;
        }
    }

    /// <summary>Of requests that were never sent only their number is kept.</summary>
    public Task PruneNeverSentAsync(CancellationToken cancellationToken) =>
        RepeatAsync(() => DeleteAsync(store.PruneNeverSentAsync, cancellationToken), cancellationToken);

    /// <returns>Whether there may be more.</returns>
    private async Task<bool> DeleteAsync(Func<CancellationToken, Task<bool>> delete, CancellationToken cancellationToken)
    {
        if (!await delete(cancellationToken))
            return false;
        await database.CheckpointAsync(cancellationToken);
        return true;
    }

    /// <param name="step">One transaction. Returns whether there may be more.</param>
    private async Task RepeatAsync(Func<Task<bool>> step, CancellationToken cancellationToken)
    {
        for (var begun = time.GetTimestamp(); await step(); begun = time.GetTimestamp())
            await Task.Delay(time.GetElapsedTime(begun) * Pause, time, cancellationToken);
    }

    /// <returns>An id that is before every one made at this time or later.</returns>
    private static Guid FirstId(DateTimeOffset at)
    {
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(bytes, Math.Max(0, at.ToUnixTimeMilliseconds()) << 16);
        return new Guid(bytes, bigEndian: true);
    }
}
