using System.Buffers.Binary;
using System.Security.Cryptography;
using Gateway.Edge.Problems;

namespace Gateway.Ledger.Rules;

/// <summary>
/// How a job ends or goes on (docs/ledger.md, "Jobs"). From its acceptance on it is held in the windows of that day,
/// whatever happens to it on the way.
/// </summary>
internal sealed class JobRules(LedgerUnitOfWork state)
{
    private static readonly TimeSpan UnknownTenant = TimeSpan.FromMinutes(5);

    public static Outcome Canceled { get; } = new("canceled", 409, "The job was cancelled before it was sent.");

    private static readonly Outcome Suspended = new(
        ProblemTypes.Suspended.Name,
        ProblemTypes.Suspended.Status,
        "The tenant was suspended or removed before the job was sent. Nothing was charged."
    );

    private static readonly Outcome Expired = new(
        ProblemTypes.UpstreamSaturated.Name,
        ProblemTypes.UpstreamSaturated.Status,
        "The job was not sent within Jobs:MaxAge. Nothing was charged. Send the request again."
    );

    private static readonly Outcome Lost = new(
        ProblemTypes.Internal.Name,
        ProblemTypes.Internal.Status,
        "The stored copy of the request is gone, so the job cannot be sent again. Nothing was charged."
    );

    /// <returns>Null: it does not wait for its turn.</returns>
    public Reservation? FindQueued(Guid id) => state.Find(id) is { State: ReservationState.Queued } row ? row : null;

    /// <summary>Of a tenant that this process does not know: another one may have read a newer tenants file.</summary>
    public bool IsOrphan(Reservation queued) => state.Now - queued.ReservedAt >= UnknownTenant;

    /// <returns>As it is now; another state than void: it was sent a moment before.</returns>
    public Reservation? Cancel(Guid id)
    {
        if (FindQueued(id) is { } queued)
            End(queued, Canceled, "cancel");
        return state.Find(id);
    }

    public void Expire(Reservation queued) => End(queued, Expired, "too-old");

    /// <summary>Its caller was answered that nothing was sent, so it must cost nothing, and its key is free.</summary>
    /// <param name="instance">The process that accepted it.</param>
    public bool Withdraw(Guid id, Guid instance)
    {
        if (FindQueued(id) is { } queued)
            state.Move(queued, Void(queued, null) with { IdempotencyKey = null }, "withdraw");
        // It was claimed before: the next equal request gets it.
        else if (state.Find(id) is { State: not ReservationState.Void } row && row.OwedBy == instance)
            state.Move(row, row.OwedByNobody(state.Now), "answer");
        return true;
    }

    public void Suspend(Reservation queued) => End(queued, Suspended, "suspended");

    /// <summary>A claimed job that was certainly not sent: its turn comes again.</summary>
    /// <param name="instance">The process that claimed it.</param>
    public bool Unsend(Guid id, Guid instance)
    {
        if (state.Find(id) is { State: ReservationState.Forwarding, JobId: not null } row && row.Instance == instance)
            Release(row, null, "never-sent");
        return true;
    }

    /// <summary>There is certainly no generation of it.</summary>
    /// <param name="outcome">Null: nothing was sent.</param>
    /// <param name="isRefused">What it asked for was refused: it is not tried again.</param>
    public void Release(Reservation row, Outcome? outcome, string why, bool isRefused = false)
    {
        if (isRefused || row.State == ReservationState.WrittenOff)
            End(row, outcome, why);
        else if (state.Requests.Find(row.Id) is { } request)
            Retry(row, request, outcome, why);
        else
            End(row, Lost, why);
    }

    private void Retry(Reservation row, ReadOnlyMemory<byte> request, Outcome? outcome, string why)
    {
        // The reconciler tells the two attempts apart by their seeds.
        var seed = row.SeedDrawn
            ? BinaryPrimitives.ReadUInt32LittleEndian(RandomNumberGenerator.GetBytes(sizeof(uint)))
            : row.Fingerprint.Seed;
        var again = row with
        {
            Id = Guid.CreateVersion7(state.Now),
            State = ReservationState.Queued,
            Version = 0,
            Sequence = state.Counter(row.Tenant)!.Sequence + 1,
            Sent = null,
            ForwardedAt = null,
            RunningUntil = null,
            FencedAt = null,
            Outcome = null,
            Fingerprint = row.Fingerprint with { Seed = seed },
        };
        state.Move(row, Void(row, outcome) with { IdempotencyKey = null }, why);
        state.Move(null, again, "again");
        state.Requests.Add(new SentRequest(again.Id, SentRequest.WithSeed(request, seed)));
        // After the account's own "too many" the ledger pauses; and one that was unknown fails alone.
        var isOutside = row.State == ReservationState.Forwarding && outcome?.Problem != ProblemTypes.UpstreamSaturated.Name;
        state.Jobs.Retry(new RetriedJob(row.JobId!.Value, again.Id, isOutside));
    }

    private void End(Reservation row, Outcome? outcome, string why) => state.Move(row, Void(row, outcome), why);

    /// <summary>Its Idempotency-Key stays: a repeat is answered with the job, however it ended.</summary>
    private Reservation Void(Reservation row, Outcome? outcome) =>
        row with
        {
            State = ReservationState.Void,
            Charged = null,
            Outcome = outcome,
            RunningUntil = null,
            EndedAt = state.Now,
            OwedBy = null,
        };
}
