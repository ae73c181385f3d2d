using System.Runtime.InteropServices;
using Gateway.Edge.Problems;

namespace Gateway.Ledger.Rules;

/// <summary>The row that is locked first, with the account's counters.</summary>
internal sealed record LedgerRow(Guid Epoch, DateTimeOffset HighWater, long Events, long Sent, long Running)
{
    private const int SuccessesToFullRate = 10;
    private const int DefaultPause = 5;

    /// <summary>Where the last turn began: see <see cref="ShareRules"/>.</summary>
    public long Turn { get; init; }

    /// <summary>Leonardo refused a creation because there were too many: none is sent before this time.</summary>
    public DateTimeOffset PausedUntil { get; init; }

    /// <summary>
    /// After a pause creations are sent one by one until this many more were accepted; 0: at full rate.
    /// </summary>
    public long Probes { get; init; }

    public LedgerRow Move(Reservation? before, Reservation after, DateTimeOffset now)
    {
        var moved = this with
        {
            Running = Running + Count(after.RunningUntil is not null) - Count(before?.RunningUntil is not null),
            Sent = Math.Max(Sent, after.Sent ?? 0),
        };
        if (before?.State != ReservationState.Forwarding)
            return moved;
        if (after.State == ReservationState.Settled)
            return moved with { Probes = Math.Max(0, Probes - 1) };
        if (after.State != ReservationState.Void || after.Outcome?.Problem != ProblemTypes.UpstreamSaturated.Name)
            return moved;
        var until = now + TimeSpan.FromSeconds(after.Outcome.RetryAfter ?? DefaultPause);
        return moved with { PausedUntil = until > PausedUntil ? until : PausedUntil, Probes = SuccessesToFullRate };
    }

    private static int Count(bool yes) => yes ? 1 : 0;
}

/// <summary>
/// What a tenant (<see cref="OrganizationKey"/>: the organisation) holds and has spent in a day or month.
/// </summary>
internal sealed record WindowRow(
    string Tenant,
    string Period,
    long ImagesHeld = 0,
    long ImagesSpent = 0,
    long MicrosHeld = 0,
    long MicrosSpent = 0,
    long Generations = 0,
    long ImagesGranted = 0,
    long MicrosGranted = 0
)
{
    public const string OrganizationKey = "*";

    /// <summary>Balances stay exact in a JSON number (INV-12).</summary>
    private const long Bound = 1L << 53;

    public PeriodTotals Totals => new(Generations, ImagesSpent, MicrosSpent);

    /// <summary>
    /// Subtracts what a reservation counted as before a change and adds what it counts as after it. There is no other
    /// arithmetic on balances.
    /// </summary>
    /// <exception cref="OverflowException">A balance would leave its bounds; nothing is changed then.</exception>
    public WindowRow Move(Reservation? before, Reservation after)
    {
        var (less, more) = (Counted.From(before), Counted.From(after));
        return (
            this with
            {
                ImagesHeld = checked(ImagesHeld - less.ImagesHeld + more.ImagesHeld),
                ImagesSpent = checked(ImagesSpent - less.ImagesSpent + more.ImagesSpent),
                MicrosHeld = checked(MicrosHeld - less.MicrosHeld + more.MicrosHeld),
                MicrosSpent = checked(MicrosSpent - less.MicrosSpent + more.MicrosSpent),
                Generations = Generations - less.Generations + more.Generations,
            }
        ).Checked();
    }

    private WindowRow Checked() =>
        (ulong)ImagesHeld <= Bound && (ulong)ImagesSpent <= Bound && (ulong)MicrosHeld <= Bound && (ulong)MicrosSpent <= Bound
            ? this
            : throw new OverflowException($"The balance of {Tenant} in {Period} would leave its bounds");

    /// <summary>What one reservation counts as, by its state.</summary>
    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Counted(long ImagesHeld, long ImagesSpent, long MicrosHeld, long MicrosSpent, long Generations)
    {
        public static Counted From(Reservation? row) =>
            row is null ? default
            : row.State.IsHeld() ? new(row.Images, 0, row.Micros, 0, 0)
            : row.State.IsSpent() ? new(0, row.Images, 0, row.Charged!.Value, row.State == ReservationState.Settled ? 1 : 0)
            : default;
    }
}

/// <summary>How many reservations a tenant has ever made, and how many of its generations have not ended.</summary>
internal sealed record CounterRow(string Tenant, long Sequence = 0, long Active = 0)
{
    /// <summary>The minute of its last reservation.</summary>
    public DateTimeOffset AskedAt { get; init; }

    /// <summary>Where its next turn begins at the earliest: see <see cref="ShareRules"/>.</summary>
    public long Turn { get; init; }

    /// <summary>Jobs that wait for their turn.</summary>
    public long Queued { get; init; }

    public CounterRow Move(Reservation? before, Reservation after, DateTimeOffset now) =>
        this with
        {
            Sequence = Math.Max(Sequence, after.Sequence),
            Active = Active + Count(after.IsActive) - Count(before?.IsActive ?? false),
            // To the minute, so that its index seldom changes.
            AskedAt = before is null
                ? new DateTimeOffset(now.UtcTicks / TimeSpan.TicksPerMinute * TimeSpan.TicksPerMinute, TimeSpan.Zero)
                : AskedAt,
            Queued = Queued + Count(after.State == ReservationState.Queued) - Count(before?.State == ReservationState.Queued),
        };

    private static int Count(bool yes) => yes ? 1 : 0;
}

/// <summary>The last 60 seconds of a tenant, or of the account.</summary>
/// <param name="First">Sequence number of the first one within; null: there is none.</param>
/// <param name="Uncounted">How many within do not count: see <see cref="Reservation.CountsAsRequest"/>.</param>
/// <param name="Oldest">When the oldest that counts was made, or sent if it is a job; null: none counts.</param>
/// <param name="Jobs">How many jobs were sent within, and count. When they were accepted does not.</param>
internal sealed record Minute(long? First = null, long Uncounted = 0, DateTimeOffset? Oldest = null, long Jobs = 0)
{
    public static readonly TimeSpan Length = TimeSpan.FromSeconds(60);

    /// <summary>A tenth of it: see <see cref="ShareRules"/>.</summary>
    public static readonly TimeSpan Moment = Length / 10;

    /// <summary>
    /// Of the account: the number of the first one within the last <see cref="Moment"/>; null: there is none.
    /// </summary>
    public long? FirstOfMoment { get; init; }

    public long CountOfMoment(long last) => FirstOfMoment is { } first ? last - first + 1 : 0;

    /// <summary>The next one of the account.</summary>
    public Minute With(long sent, DateTimeOffset now) =>
        this with
        {
            First = First ?? sent,
            Oldest = Oldest ?? now,
            FirstOfMoment = FirstOfMoment ?? sent,
        };

    /// <param name="before">Null: it is new.</param>
    public Minute Move(Reservation? before, Reservation after, DateTimeOffset now)
    {
        if (after.JobId is not null)
            return MoveJob(before, after, now);
        if (after.ReservedAt <= now - Length)
            return this;
        if (before is null)
            return this with { First = First ?? after.Sequence, Oldest = Oldest ?? after.ReservedAt };
        return before.CountsAsRequest && !after.CountsAsRequest ? this with { Uncounted = Uncounted + 1 } : this;
    }

    public long Count(long last) => (First is { } first ? last - first + 1 - Uncounted : 0) + Jobs;

    private Minute MoveJob(Reservation? before, Reservation after, DateTimeOffset now)
    {
        // It has the next sequence number, and is no request of this minute before it is sent.
        if (before is null)
            return this with { First = First ?? after.Sequence, Uncounted = Uncounted + 1 };
        if (after.ForwardedAt is null || after.ForwardedAt <= now - Length || IsCounted(before) == IsCounted(after))
            return this;
        return IsCounted(after) ? this with { Jobs = Jobs + 1, Oldest = Oldest ?? now } : this with { Jobs = Jobs - 1 };

        static bool IsCounted(Reservation row) => row.Sent is not null && row.CountsAsRequest;
    }
}

/// <summary>One transition of a reservation.</summary>
internal sealed record LedgerEvent(
    long Number,
    Guid ReservationId,
    ReservationState? From,
    ReservationState To,
    DateTimeOffset At,
    string Why
);

/// <summary>A replica.</summary>
/// <param name="SeenAt">Its last sign of life.</param>
/// <param name="LeaseUntil">From then on it sends nothing, and no caller waits at it.</param>
internal sealed record InstanceRow(DateTimeOffset SeenAt, DateTimeOffset LeaseUntil);

/// <summary>Who owns a generation.</summary>
/// <param name="Trace">Written, and read by the watcher alone.</param>
internal sealed record GenerationRow(string Id, string Tenant, Guid ReservationId, DateTimeOffset CreatedAt, string? Trace = null)
{
    /// <summary>Written, and read for its owner alone.</summary>
    public string? User { get; init; }
}

/// <summary>The end of a generation with its result.</summary>
/// <param name="IsDeleted">Its owner deleted it while it ran: only the end is stored.</param>
/// <param name="Result">What its owner may see, as JSON; null: nothing.</param>
internal sealed record GenerationEnd(
    string Id,
    string Status,
    bool IsDeleted,
    string? Result,
    IReadOnlyList<(string Id, string? Url)> Images
)
{
    /// <summary>
    /// Whether this ended it. False: it has ended before, or was deleted since it was read. Set by the store.
    /// </summary>
    public bool IsFirst { get; set; }
}

/// <summary>What a batch adds to the charges of the person that a request names. It may be less than nothing.</summary>
internal sealed record UserCharge(string Day, string Tenant, string User, long Generations, long Images, long Micros)
{
    /// <summary>Of what a batch changed; a new reservation has spent nothing.</summary>
    public static IEnumerable<UserCharge> From(LedgerUnitOfWork state) =>
        state.Updated.Select(row => Between(state.Loaded(row.Id), row)).OfType<UserCharge>();

    private static UserCharge? Between(Reservation before, Reservation after)
    {
        if (after.User is null)
            return null;
        var (less, more) = (before.Spent, after.Spent);
        return less == more
            ? null
            : new(
                after.Day,
                after.Tenant,
                after.User,
                more.Generations - less.Generations,
                more.Images - less.Images,
                more.Micros - less.Micros
            );
    }
}
