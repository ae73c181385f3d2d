using System.Globalization;
using Gateway.Edge.Problems;

namespace Gateway.Admin;

/// <summary><c>GET /admin/audit</c>: the audit trail, newest line first.</summary>
internal sealed class AuditEndpoint(AuditTrail audit)
{
    public const int MaxLines = 500;

    /// <param name="before">Only lines older than this one: <c>next</c> of the previous answer.</param>
    /// <param name="limit">1 to 500, by default 100.</param>
    public async Task<IResult> GetAsync(CancellationToken cancellationToken, string? before = null, string? limit = null)
    {
        var (older, count) = (long.MaxValue, 100);
        if (
            (before is not null && !long.TryParse(before, CultureInfo.InvariantCulture, out older))
            || (limit is not null && (!int.TryParse(limit, CultureInfo.InvariantCulture, out count) || count is < 1 or > MaxLines))
        )
            return new Problem(ProblemTypes.Validation, $"before must be the number of a line and limit from 1 to {MaxLines}.")
            {
                Errors = [new Violation("#/limit", "out-of-range", $"must be from 1 to {MaxLines}; before: the number of a line")],
            };
        var lines = await audit.ReadAsync(before is null ? null : older, count, cancellationToken);
        return TypedResults.Json(
            new AdminAudit(lines, lines.Count == count && lines[^1].N > 1 ? lines[^1].N : null, AuditTrail.IsUnbroken(lines)),
            AdminJson.Default.AdminAudit
        );
    }
}

/// <param name="Lines">Newest first.</param>
/// <param name="Next">The value of <c>before</c> for the next request; null: there are no more.</param>
/// <param name="Unbroken">Whether the hashes of these lines match their contents and form a chain.</param>
internal sealed record AdminAudit(IReadOnlyList<AuditLine> Lines, long? Next, bool Unbroken);
