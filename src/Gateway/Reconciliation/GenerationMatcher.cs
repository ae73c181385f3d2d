using System.Security.Cryptography;
using System.Text;
using Gateway.Ledger.Rules;
using Gateway.Leonardo.Replies;

namespace Gateway.Reconciliation;

/// <summary>
/// Matches unknown reservations against the upstream's list of generations (L6, docs/ledger.md). Pure: all its inputs
/// are parameters.
/// </summary>
/// <param name="Listed">
/// The account's generations without an owner, back to before the oldest reservation was sent.
/// </param>
/// <param name="IsComplete">Whether the list was read back that far.</param>
/// <param name="Open">Every unknown reservation, not only those that are due.</param>
/// <param name="SeedsInFlight">
/// Seeds of requests that are being sent: their generations have no owner yet either.
/// </param>
internal sealed record GenerationMatcher(
    IReadOnlyList<UpstreamGeneration> Listed,
    bool IsComplete,
    IReadOnlyList<UnknownReservation> Open,
    IReadOnlySet<uint> SeedsInFlight
)
{
    /// <summary>How far the upstream's clock may differ from the gateway's.</summary>
    public static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(5);

    public MatchResult Match(UnknownReservation reservation, TimeSpan absentAfter)
    {
        var candidates = Listed.Where(row => IsCandidate(row, reservation)).ToList();
        // A candidate that is not an exact match proves nothing, in either direction.
        var exact = candidates.Where(row => IsExactMatch(row, reservation)).OrderBy(row => row.CreatedAt).ToList();
        if (exact.Count > 0)
        {
            if (SeedsInFlight.Contains(reservation.Fingerprint.Seed))
                return new MatchResult.NotYet("a request with the same seed is in flight");
            var equalRequests = Open.Where(other => IsEqual(other, reservation))
                .OrderBy(other => other.ForwardedAt)
                .ThenBy(other => other.Id)
                .ToList();
            if (equalRequests.Any(other => other.Tenant != reservation.Tenant))
                return new MatchResult.Ambiguous("several tenants sent the same prompt, seed and size, and not all outcomes are known");
            // Among equal requests of one tenant any assignment is correct; take the order in which they were sent.
            var position = equalRequests.FindIndex(other => other.Id == reservation.Id);
            return position < exact.Count
                ? new MatchResult.Found(exact[position].Id)
                : new MatchResult.NotYet("the generation that was found belongs to an equal request");
        }
        if (candidates.Count > 0)
            return new MatchResult.NotYet("the upstream's list has a possible match with too little data to be sure");
        var lastSend = reservation.FencedAt > reservation.ForwardedAt ? reservation.FencedAt : reservation.ForwardedAt;
        return IsComplete && reservation.Now - lastSend >= absentAfter
            ? new MatchResult.Absent()
            : new MatchResult.NotYet("the upstream's list does not show it yet");
    }

    /// <summary>
    /// Whether nothing that the upstream states contradicts a match. The prompt is ignored: if the upstream trims or
    /// rewrites it, a generation with the right seed, size and time must not look absent.
    /// </summary>
    private static bool IsCandidate(UpstreamGeneration row, UnknownReservation reservation)
    {
        var sent = reservation.Fingerprint;
        return (row.Seed ?? sent.Seed) == sent.Seed
            && (row.Width ?? sent.Width) == sent.Width
            && (row.Height ?? sent.Height) == sent.Height
            // Moderation may remove images, never add any.
            && row.Images.Count <= reservation.Images
            && (
                row.CreatedAt is not { } at || (at > reservation.ForwardedAt - ClockTolerance && at < reservation.FencedAt + ClockTolerance)
            );
    }

    /// <summary>
    /// Whether a candidate also states everything that is needed. A prompt that the upstream enhanced proves nothing;
    /// then the seed is enough.
    /// </summary>
    private static bool IsExactMatch(UpstreamGeneration row, UnknownReservation reservation) =>
        row is { Seed: not null, Width: not null, Height: not null, CreatedAt: not null }
        && (
            reservation.Fingerprint.PromptEnhanced
            || row.Prompt is { } prompt
                && SHA256.HashData(Encoding.UTF8.GetBytes(prompt)).AsSpan().SequenceEqual(reservation.Fingerprint.PromptHash)
        );

    private static bool IsEqual(UnknownReservation one, UnknownReservation other) =>
        one.Fingerprint.Seed == other.Fingerprint.Seed
        && one.Fingerprint.Width == other.Fingerprint.Width
        && one.Fingerprint.Height == other.Fingerprint.Height
        && (
            one.Fingerprint.PromptEnhanced
            || other.Fingerprint.PromptEnhanced
            || one.Fingerprint.PromptHash.AsSpan().SequenceEqual(other.Fingerprint.PromptHash)
        );
}

/// <summary>What the list proves about one unknown reservation.</summary>
internal abstract record MatchResult
{
    private MatchResult() { }

    public sealed record Found(string GenerationId) : MatchResult;

    /// <summary>No generation exists, and none will appear.</summary>
    public sealed record Absent : MatchResult;

    /// <summary>Only an operator can decide.</summary>
    public sealed record Ambiguous(string Why) : MatchResult;

    public sealed record NotYet(string Why) : MatchResult;
}
