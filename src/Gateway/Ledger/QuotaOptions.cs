using Gateway.Edge;

namespace Gateway.Ledger;

/// <summary>When a settlement is durable. Everything else is durable before it is answered.</summary>
internal enum SettlementDurability
{
    /// <summary>On SQLite, 20 ms after it was answered at the latest, or with the next batch.</summary>
    Early,

    /// <summary>Before it is answered.</summary>
    Durable,
}

/// <summary>The account's limits and the ledger's times (docs/settings.md).</summary>
internal sealed record QuotaOptions
{
    /// <summary>Generations of the account that run at once, all replicas together.</summary>
    public int ConcurrentGenerations { get; init; } = 10;

    /// <summary>Requests sent to the account in any 60 seconds, all replicas together.</summary>
    public int GenerationsPerMinute { get; init; } = 100;

    /// <summary>How long a request waits for a slot.</summary>
    public TimeSpan QueueTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>A generation whose end is not reported holds its slot this long.</summary>
    public TimeSpan GenerationTimeLimit { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>An unknown outcome is written off, as spent, after this long.</summary>
    public TimeSpan UnknownGrace { get; init; } = TimeSpan.FromHours(24);

    /// <summary>
    /// Reservations and their events are kept at least this long, in whole months. Balances are kept for ever.
    /// </summary>
    public TimeSpan Retention { get; init; } = TimeSpan.FromDays(400);

    /// <summary>An admission that the store does not answer in this time is refused, and not sent.</summary>
    public TimeSpan StoreTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>An instance that has not renewed its lease for this long sends nothing.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Between heartbeats, each with a sweep.</summary>
    public TimeSpan Heartbeat { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>What is still reserved or forwarding after this long has lost its handler.</summary>
    public TimeSpan OpenLimit => QueueTimeout + TimeSpan.FromSeconds(90);

    /// <summary>An outcome stays with its Idempotency-Key this long.</summary>
    public TimeSpan IdempotencyWindow { get; init; } = TimeSpan.FromHours(24);

    /// <summary>
    /// For so long an answer that nobody received is kept for an equal request without an Idempotency-Key; zero: such
    /// requests are always new.
    /// </summary>
    public TimeSpan RepeatWindow { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Whether settlements may be answered before they are flushed.</summary>
    public SettlementDurability Settlements { get; init; } = SettlementDurability.Early;

    /// <summary>A job that is queued for longer fails, and costs nothing.</summary>
    public TimeSpan JobMaxAge { get; init; } = TimeSpan.FromDays(1);

    /// <summary>A caller who waits for a while waits no longer than that in the queue.</summary>
    public TimeSpan QueueTimeFor(TimeSpan? wait) => wait < QueueTimeout ? wait.Value : QueueTimeout;

    public static QuotaOptions Read(Settings settings)
    {
        var defaults = new QuotaOptions();
        var lease = settings.Duration("Quotas:Lease", defaults.Lease);
        return new QuotaOptions
        {
            ConcurrentGenerations = settings.Integer("Leonardo:ConcurrentGenerations", defaults.ConcurrentGenerations, 1, 1_000_000),
            GenerationsPerMinute = settings.Integer("Leonardo:GenerationsPerMinute", defaults.GenerationsPerMinute, 1, 100_000_000),
            QueueTimeout = settings.Duration("Leonardo:QueueTimeout", defaults.QueueTimeout),
            GenerationTimeLimit = settings.Duration("Quotas:GenerationTimeLimit", defaults.GenerationTimeLimit),
            UnknownGrace = settings.Duration("Quotas:UnknownGrace", defaults.UnknownGrace),
            Retention = settings.Duration("Quotas:Retention", defaults.Retention),
            Lease = lease,
            Settlements = settings.Choice("Storage:Settlements", defaults.Settlements),
            JobMaxAge = settings.Duration("Jobs:MaxAge", defaults.JobMaxAge),
            RepeatWindow = settings.Duration("Quotas:RepeatWindow", defaults.RepeatWindow, off: true),
            // Several may be late before the lease is over.
            Heartbeat = lease / 6,
        };
    }
}
