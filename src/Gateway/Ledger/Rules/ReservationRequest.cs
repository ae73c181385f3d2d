using Gateway.Tenants;

namespace Gateway.Ledger.Rules;

/// <summary>One generation that asks to be paid for.</summary>
/// <param name="Tenant">With the limits in force now.</param>
/// <param name="Images">1 to 8.</param>
/// <param name="Micros">The price known in advance, in micro-dollars.</param>
/// <param name="Fingerprint">What the reconciler finds the generation by.</param>
/// <param name="IdempotencyKey">Null: none was given.</param>
/// <param name="BodyHash">What a repetition with the same key must equal.</param>
internal sealed record ReservationRequest(
    Tenant Tenant,
    int Images,
    long Micros,
    Fingerprint Fingerprint,
    string? IdempotencyKey,
    byte[] BodyHash
);

/// <summary>What tells a generation from all others in the upstream's list (ledger, section 5).</summary>
/// <param name="PromptHash">SHA-256 over the prompt in UTF-8; the prompt itself is nowhere in the ledger.</param>
internal sealed record Fingerprint(string Model, byte[] PromptHash, uint Seed, int Width, int Height, bool PromptEnhanced);
