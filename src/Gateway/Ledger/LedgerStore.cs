using Gateway.Ledger.Rules;

namespace Gateway.Ledger;

/// <summary>Where the book lies. An engine knows how to lock, load and store; it decides nothing.</summary>
internal abstract class LedgerStore
{
    /// <summary>What one batch may load of each kind of leftover; the rest waits for the next.</summary>
    public const int CleanupBatchSize = 256;

    /// <summary>The columns of a reservation, in the order both engines read and write them: first what never changes.</summary>
    public const string FixedColumns =
        "id, tenant, images, micros, day, month, sequence, body_hash, model, prompt_hash, seed, width, height, enhanced, instance, reserved_at";

    public const string UpdatedColumns =
        "state, version, charged, sent, idem_key, forwarded_at, ended_at, running_until, fence_at, "
        + "generation_id, api_credits, cost_micros, cost_amount, cost_unit, problem, status, detail, reason, retry_after";

    /// <summary>Those of them that are in an index and change seldom: an outcome changes none.</summary>
    public static readonly string[] IndexedColumns = ["sent", "idem_key", "forwarded_at", "running_until"];

    public const string AllColumns = FixedColumns + ", " + UpdatedColumns;

    /// <summary>One transaction: lock, load, decide, store, commit. Where nothing changed, nothing is written.</summary>
    /// <param name="keys">What the decision will look at.</param>
    /// <param name="decide">Pure; called once, under the lock.</param>
    /// <param name="cancellationToken">Observed until the commit has begun.</param>
    /// <exception cref="Exception">Of any kind: whether it was committed is not known.</exception>
    public abstract Task RunAsync(LedgerKeys keys, Action<LedgerUnitOfWork> decide, CancellationToken cancellationToken);

    /// <summary>Removes what nobody can ask for any more: expired Idempotency-Keys, whole months of ended reservations with their events, instances long gone.</summary>
    /// <returns>Whether there may be more.</returns>
    public abstract Task<bool> PruneAsync(PruneLimits limits, CancellationToken cancellationToken);

    public static long Micros(DateTimeOffset at) => (at - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    public static long? Micros(DateTimeOffset? at) => at is { } value ? Micros(value) : null;

    public static DateTimeOffset Time(long micros) => DateTimeOffset.UnixEpoch.AddTicks(checked(micros * TimeSpan.TicksPerMicrosecond));

    public static DateTimeOffset? Time(long? micros) => micros is { } value ? Time(value) : null;

    public static ReservationState State(string letter) => (ReservationState)letter[0];

    public static string Letter(ReservationState state) =>
        state switch
        {
            ReservationState.Reserved => "R",
            ReservationState.Forwarding => "F",
            ReservationState.Settled => "S",
            ReservationState.Void => "V",
            ReservationState.Unknown => "U",
            _ => "W",
        };
}

/// <summary>What may go.</summary>
/// <param name="KeysBefore">Keys of ended reservations made before this are free.</param>
/// <param name="Month">Reservations of earlier months may go.</param>
/// <param name="InstancesBefore">Instances silent since then are forgotten.</param>
internal sealed record PruneLimits(DateTimeOffset KeysBefore, string Month, DateTimeOffset InstancesBefore);
