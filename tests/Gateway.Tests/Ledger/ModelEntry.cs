using Gateway.Ledger.Rules;

namespace Gateway.Tests.Ledger;

/// <summary>A reservation as the model sees it.</summary>
internal sealed class ModelEntry
{
    /// <summary>Unknown while it waits for a slot.</summary>
    public Guid Id = Guid.NewGuid();
    public required string Tenant;
    public required int Images;
    public required long Micros;
    public required long Price;
    public required DateTimeOffset At;
    public required char State;
    public required int Process;
    public string? Key;
    public int Body;
    public long Charged;
    public string? Generation;
    public DateTimeOffset? ForwardedAt;
    public DateTimeOffset? RunningUntil;
    public DateTimeOffset FencedAt;
    public Task<Admission>? Waiting;
    public CancellationTokenSource? Caller;
    public DateTimeOffset? EndedAt;

    /// <summary>Void, and nevertheless one of the requests of its minute.</summary>
    public bool CountsInMinute;

    /// <summary>The process at which a caller waits; null: it was delivered, or has a key.</summary>
    public int? OwedBy;
    public DateTimeOffset OwedAt;

    public const int Nobody = -1;

    /// <summary>What another request with its key is answered.</summary>
    public Type AnswerTo(int body) =>
        Body != body ? typeof(Admission.Mismatch)
        : State is 'R' or 'F' ? typeof(Admission.InProgress)
        : typeof(Admission.Replayed);

    public void Owe(int? by, DateTimeOffset now)
    {
        OwedBy = by;
        OwedAt = OwedAt >= now ? OwedAt.AddMicroseconds(1) : now;
    }

    public void OwedByNobody(DateTimeOffset now)
    {
        if (OwedBy is not null)
            Owe(Nobody, now);
    }

    public bool Held => State is 'R' or 'F' or 'U';

    public bool Spent => State is 'S' or 'W';

    public bool Counts => State != 'V' || CountsInMinute;

    public bool Runs(DateTimeOffset now) => RunningUntil > now;
}
