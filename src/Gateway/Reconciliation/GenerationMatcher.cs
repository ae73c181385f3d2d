using System.Security.Cryptography;
using System.Text;
using Gateway.Ledger.Rules;
using Gateway.Leonardo.Replies;

namespace Gateway.Reconciliation;

/// <summary>What the upstream's list says of unknown reservations (ledger, section 5). Pure: it is given everything it judges by.</summary>
/// <param name="Listed">Generations of the account without an owner, back to before the oldest reservation was sent.</param>
/// <param name="IsWhole">Whether the list was read as far as that.</param>
/// <param name="Open">Every reservation that is unknown, not only those that are due.</param>
/// <param name="SeedsUnderWay">Seeds of requests that are being sent: what they make has no owner yet either.</param>
internal sealed record GenerationMatcher(
    IReadOnlyList<UpstreamGeneration> Listed,
    bool IsWhole,
    IReadOnlyList<UnknownReservation> Open,
    IReadOnlySet<uint> SeedsUnderWay
)
{
    /// <summary>The upstream's clock is not ours.</summary>
    public static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(5);

    public MatchResult Judge(UnknownReservation reservation, TimeSpan absentAfter)
    {
        var possible = Listed.Where(row => IsCandidate(row, reservation)).ToList();
        // One that lacks the seed or the prompt may be it, and may not: neither is to be acted on.
        var certain = possible.Where(row => IsExactMatch(row, reservation)).OrderBy(row => row.CreatedAt).ToList();
        if (certain.Count > 0)
        {
            if (SeedsUnderWay.Contains(reservation.Fingerprint.Seed))
                return new MatchResult.NotYet("a request with the same seed is under way");
            var alike = Open.Where(other => IsAlike(other, reservation))
                .OrderBy(other => other.ForwardedAt)
                .ThenBy(other => other.Id)
                .ToList();
            if (alike.Any(other => other.Tenant != reservation.Tenant))
                return new MatchResult.Ambiguous("several tenants sent the same prompt, seed and size, and not all outcomes are known");
            // Of one tenant's equal requests any assignment is right: in the order they were sent.
            var place = alike.FindIndex(other => other.Id == reservation.Id);
            return place < certain.Count
                ? new MatchResult.Found(certain[place].Id)
                : new MatchResult.NotYet("an equal request has the generation that was found");
        }
        if (possible.Count > 0)
            return new MatchResult.NotYet("the upstream's list does not tell enough of a generation that may be it");
        var quiet = reservation.FencedAt > reservation.ForwardedAt ? reservation.FencedAt : reservation.ForwardedAt;
        return IsWhole && reservation.Now - quiet >= absentAfter
            ? new MatchResult.Absent()
            : new MatchResult.NotYet("the upstream's list does not show it yet");
    }

    /// <summary>
    /// Nothing that is told speaks against it. The prompt does not: an upstream that trims or rewrites it must not make a generation look absent, when the
    /// seed, the size and the time are those of the reservation.
    /// </summary>
    private static bool IsCandidate(UpstreamGeneration row, UnknownReservation reservation)
    {
        var sent = reservation.Fingerprint;
        return (row.Seed ?? sent.Seed) == sent.Seed
            && (row.Width ?? sent.Width) == sent.Width
            && (row.Height ?? sent.Height) == sent.Height
            // Moderation may leave fewer images than were ordered, never more.
            && row.Images.Count <= reservation.Images
            && (
                row.CreatedAt is not { } at || (at > reservation.ForwardedAt - ClockTolerance && at < reservation.FencedAt + ClockTolerance)
            );
    }

    /// <summary>And everything that is needed is told. A rewritten prompt tells nothing; the seed has to do.</summary>
    private static bool IsExactMatch(UpstreamGeneration row, UnknownReservation reservation) =>
        row is { Seed: not null, Width: not null, Height: not null, CreatedAt: not null }
        && (
            reservation.Fingerprint.PromptEnhanced
            || row.Prompt is { } prompt
                && SHA256.HashData(Encoding.UTF8.GetBytes(prompt)).AsSpan().SequenceEqual(reservation.Fingerprint.PromptHash)
        );

    private static bool IsAlike(UnknownReservation one, UnknownReservation other) =>
        one.Fingerprint.Seed == other.Fingerprint.Seed
        && one.Fingerprint.Width == other.Fingerprint.Width
        && one.Fingerprint.Height == other.Fingerprint.Height
        && (
            one.Fingerprint.PromptEnhanced
            || other.Fingerprint.PromptEnhanced
            || one.Fingerprint.PromptHash.AsSpan().SequenceEqual(other.Fingerprint.PromptHash)
        );
}

/// <summary>What is known now of one unknown reservation.</summary>
internal abstract record MatchResult
{
    private MatchResult() { }

    public sealed record Found(string GenerationId) : MatchResult;

    /// <summary>There is none, and there will be none.</summary>
    public sealed record Absent : MatchResult;

    /// <summary>Only an operator can decide.</summary>
    public sealed record Ambiguous(string Why) : MatchResult;

    public sealed record NotYet(string Why) : MatchResult;
}
