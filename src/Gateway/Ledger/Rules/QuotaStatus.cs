namespace Gateway.Ledger.Rules;

/// <summary>Where one quota stands.</summary>
/// <param name="Limit">That of the tenants file plus what was granted for the period; null: unlimited.</param>
/// <param name="Used">Settled; of requests-minute and concurrent-generations: counted.</param>
/// <param name="Held">Reserved, forwarded or unknown.</param>
/// <param name="ResetsAt">
/// End of the period, or when the oldest request leaves the minute; null: nothing resets.
/// </param>
/// <param name="Window">Length of the period; null where there is none.</param>
/// <param name="At">The store's clock when it was calculated.</param>
internal sealed record QuotaStatus(
    string Name,
    string Unit,
    long? Limit,
    long Used,
    long Held,
    DateTimeOffset? ResetsAt,
    TimeSpan? Window,
    DateTimeOffset At
)
{
    public const string Requests = "requests";
    public const string Images = "images";
    public const string Micros = "micros";
    public const string Generations = "generations";

    public const string Jobs = "jobs";

    public const string RequestsMinute = "requests-minute";
    public const string ImagesDay = "images-day";
    public const string ImagesMonth = "images-month";
    public const string UsdMonth = "usd-month";
    public const string ConcurrentGenerations = "concurrent-generations";
    public const string JobsQueued = "jobs-queued";
    public const string Organization = "org-";

    /// <summary>The part of <see cref="Limit"/> that an operator granted for this period.</summary>
    public long Granted { get; init; }

    /// <summary>Of all tenants together.</summary>
    public bool IsOrganization => Name.StartsWith(Organization, StringComparison.Ordinal);

    /// <summary>Never below zero, even when the limit was lowered below what is used.</summary>
    public long? Remaining => Limit is { } limit ? Math.Max(0, limit - Used - Held) : null;

    /// <summary>Seconds to <see cref="ResetsAt"/>, never too few.</summary>
    public int? ResetSeconds => ResetsAt is { } at ? Math.Max(1, (int)Math.Ceiling((at - At).TotalSeconds)) : null;

    /// <summary>INV-1: what a request needs of this quota fits beside what is used and held.</summary>
    public bool Admits(int images, long micros) => Limit is not { } limit || checked(Used + Held + AmountNeeded(images, micros)) <= limit;

    /// <summary>
    /// Requests of the minute and generations at once count when a request is sent; how many jobs are queued, when one
    /// is accepted.
    /// </summary>
    public bool AppliesTo(bool isJob) => isJob ? Name is not (RequestsMinute or ConcurrentGenerations) : Name != JobsQueued;

    /// <summary>What a request needs of this quota, in its unit.</summary>
    public long AmountNeeded(int images, long micros) =>
        Unit switch
        {
            Images => images,
            Micros => micros,
            _ => 1,
        };
}
