using Gateway.Ledger;
using Gateway.Ledger.Rules;

namespace Gateway.Tests.Ledger;

/// <summary>Who gets the answer to a request without a key, counted over the entries of the model.</summary>
/// <param name="isShared">
/// Whether the replica of a process that crashed counts as alive until its lease is over.
/// </param>
internal sealed class RepeatModel(QuotaOptions options, LedgerModel model, bool isShared)
{
    /// <summary>
    /// The processes that have ended: their last sign of life, and whether they gave their lease back.
    /// </summary>
    private readonly List<(DateTimeOffset SeenAt, bool IsClean)> _ended = [];

    /// <summary>Every claim that a caller of the running process ever had.</summary>
    public List<(ModelEntry Entry, AnswerClaim Claim)> Claims { get; } = [];

    private int Running => _ended.Count;

    public void Restarted(DateTimeOffset seenAt, bool isClean)
    {
        _ended.Add((seenAt, isClean));
        Claims.Clear();
    }

    /// <summary>The oldest entries of which one answers an equal request; none: it is a new one.</summary>
    public List<ModelEntry> Answering(string tenant, int body, DateTimeOffset now)
    {
        var free = Equal(tenant, body).Where(entry => IsFree(entry, now)).ToList();
        var best = free.Exists(entry => entry.State is 'F' or 'S') ? "FS" : "UW";
        var found = free.Where(entry => best.Contains(entry.State)).ToList();
        return [.. found.Where(entry => entry.At == found.Min(one => one.At))];
    }

    /// <summary>Whether a replica that may be alive has an equal one that took long enough.</summary>
    public bool IsElsewhere(string tenant, int body, DateTimeOffset now) =>
        Equal(tenant, body)
            .Any(entry =>
                isShared
                && entry.OwedBy >= 0
                && entry.OwedBy < Running
                && !_ended[entry.OwedBy.Value].IsClean
                && (entry.EndedAt ?? now) - entry.At > TimeSpan.FromSeconds(0.1)
            );

    /// <summary>What the ledger answered must be one of these, and the caller has it from now on.</summary>
    public void Claim(IReadOnlyList<ModelEntry> answering, Admission? answer, DateTimeOffset now)
    {
        var (id, claim) = answer switch
        {
            Admission.Joined joined => (joined.Answer.ReservationId, joined.Answer),
            Admission.Replayed replayed => (replayed.Outcome.ReservationId, replayed.Answer),
            _ => (Guid.Empty, null),
        };
        var entry = answering.SingleOrDefault(entry => entry.Id == id);
        entry.ShouldNotBeNull($"an equal request is answered by the oldest whose answer nobody has; answered {answer}");
        (answer is Admission.Joined).ShouldBe(entry.State == 'F');
        (claim is not null).ShouldBe(entry.State is 'F' or 'S', "an unknown outcome answers all");
        if (claim is null)
            return;
        entry.Owe(Running, now);
        Claimed(entry, claim);
    }

    public void Admitted(ModelEntry entry, Admission.Admitted admitted)
    {
        (admitted.Answer is not null).ShouldBe(entry.OwedBy is not null);
        if (admitted.Answer is { } claim)
            Claimed(entry, claim);
    }

    /// <summary>A caller, perhaps an earlier one, has received its answer, or is gone.</summary>
    public async Task ReportAsync(QuotaLedger ledger, HistoryStep step, DateTimeOffset now)
    {
        var (entry, claim) = Claims[^(1 + step.Which % Math.Min(12, Claims.Count))];
        var isDelivered = step.Amount % 2 == 0;
        if (isDelivered)
            ledger.Answers.Deliver(claim);
        else
            await ledger.Answers.HangUpAsync(claim);
        if (entry.OwedBy == Running && entry.OwedAt == claim.Since)
            entry.Owe(isDelivered ? null : ModelEntry.Nobody, now);
    }

    private void Claimed(ModelEntry entry, AnswerClaim claim)
    {
        claim.Since.ShouldBe(entry.OwedAt);
        Claims.Add((entry, claim));
    }

    private IEnumerable<ModelEntry> Equal(string tenant, int body) =>
        model.Entries.Where(entry => entry.Tenant == tenant && entry.Body == body && entry.OwedBy is not null);

    private bool IsFree(ModelEntry entry, DateTimeOffset now)
    {
        if (entry.OwedBy == ModelEntry.Nobody)
            return now - entry.OwedAt < options.RepeatWindow;
        if (entry.OwedBy == Running)
            return false;
        var (seenAt, isClean) = _ended[entry.OwedBy!.Value];
        var last = seenAt > entry.OwedAt ? seenAt : entry.OwedAt;
        return (isClean || !isShared) && now - last < options.RepeatWindow;
    }
}
