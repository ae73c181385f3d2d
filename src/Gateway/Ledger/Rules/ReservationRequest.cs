using Gateway.Edge.Http;
using Gateway.Tenants;

namespace Gateway.Ledger.Rules;

/// <summary>A request for the quota of one generation.</summary>
/// <param name="Tenant">With the limits in force now.</param>
/// <param name="Images">At least 1. The upper bound is the model's.</param>
/// <param name="Micros">The computed price in micro-dollars, at least 0. A ratio in force raises what is held.</param>
/// <param name="Fingerprint">By which the reconciler finds the generation.</param>
/// <param name="IdempotencyKey">Null: none was given.</param>
/// <param name="BodyHash">Must be equal in a repetition with the same key.</param>
internal sealed record ReservationRequest(
    Tenant Tenant,
    int Images,
    long Micros,
    Fingerprint Fingerprint,
    string? IdempotencyKey,
    byte[] BodyHash
)
{
    /// <summary>
    /// When it was first found that another replica owes the answer to an equal request, by the store's clock.
    /// </summary>
    public DateTimeOffset? WaitsSince { get; init; }

    /// <summary>What is sent to Leonardo once it is admitted. Empty: it is not kept.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>Whether the caller waits for the images.</summary>
    public bool CallerWaits { get; init; }

    /// <summary>
    /// How long its caller waits for the images, the queue included; null: as long as the queue takes.
    /// </summary>
    public TimeSpan? WaitsFor { get; init; }

    /// <summary>Null: not known.</summary>
    public RequestOrigin? Origin { get; init; }

    /// <summary>Null: its caller waits for it.</summary>
    public JobRequest? Job { get; init; }

    public RepeatKey RepeatKey => new(Tenant.Id, BodyHash);
}

/// <summary>What distinguishes a generation from all others in Leonardo's list (L6).</summary>
/// <param name="PromptHash">SHA-256 over the prompt in UTF-8; the ledger does not hold the prompt itself.</param>
internal sealed record Fingerprint(string Model, byte[] PromptHash, uint Seed, int Width, int Height, bool PromptEnhanced);
