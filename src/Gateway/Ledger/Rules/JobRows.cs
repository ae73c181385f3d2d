namespace Gateway.Ledger.Rules;

/// <summary>What a batch reads and changes of jobs. Each has at most one live reservation.</summary>
internal sealed class JobRows(UndoLog undo)
{
    private readonly List<JobRow> _new = [];
    private readonly List<RetriedJob> _retried = [];

    /// <summary>The oldest queued reservations of each tenant that has any, in their order.</summary>
    public List<Guid> Heads { get; } = [];

    /// <summary>Queued for longer than they may be.</summary>
    public List<Guid> TooOld { get; } = [];

    public IReadOnlyList<JobRow> New => _new;

    public IReadOnlyList<RetriedJob> Retried => _retried;

    public void Add(JobRow job) => undo.Add(_new, job);

    public void Retry(RetriedJob job) => undo.Add(_retried, job);
}

/// <summary>A job that is tried again as another reservation.</summary>
/// <param name="IsOutsideFault">Whatever failed it fails other jobs too, for a while.</param>
internal sealed record RetriedJob(Guid Id, Guid ReservationId, bool IsOutsideFault);

/// <summary>A job and its reservation: the live one, or the last.</summary>
internal sealed record JobRow(Guid Id, string Tenant, Guid ReservationId, DateTimeOffset CreatedAt);

/// <summary>A request that is to be queued.</summary>
/// <param name="Id">Version 7.</param>
/// <param name="SeedDrawn">Whether the gateway drew the seed, so that it draws another one if it tries again.</param>
internal sealed record JobRequest(Guid Id, bool SeedDrawn);
