using System.Globalization;
using System.Text.Json;
using Gateway.Edge;
using Gateway.Edge.Http;
using Gateway.Edge.Problems;
using Gateway.Ledger;
using Gateway.Ledger.Rules;
using Gateway.Tenants;

namespace Gateway.Admin;

/// <summary>
/// <c>/admin/generations</c>: lists reservations, and releases or settles one whose outcome is unknown.
/// </summary>
internal sealed class AdminGenerationEndpoints(ReservationReader reservations, QuotaLedger ledger, AuditTrail audit)
{
    public const int MaxRows = 200;

    /// <param name="tenant">Only of this tenant.</param>
    /// <param name="state">
    /// <c>queued</c>, <c>reserved</c>, <c>forwarding</c>, <c>unknown</c>, <c>held</c> (any of these four),
    /// <c>settled</c>, <c>released</c>, <c>written-off</c>, or <c>stuck</c> (settled, but its generation does not
    /// finish).
    /// </param>
    /// <param name="request">Only of the request with this <c>X-Request-Id</c>.</param>
    /// <param name="trace">Only of the request with this <c>traceId</c>.</param>
    /// <param name="before">Only reservations older than this one: <c>next</c> of the previous answer.</param>
    /// <param name="limit">
    /// 1 to 200, by default 50. Fewer can be returned although there are more: <c>next</c> is null if there are not.
    /// </param>
    public async Task<IResult> ListAsync(
        CancellationToken cancellationToken,
        string? tenant = null,
        string? state = null,
        string? request = null,
        string? trace = null,
        string? before = null,
        string? limit = null
    )
    {
        var violations = new List<Violation>();
        if (state is not null && !ReservationReader.StateNames.Contains(state, StringComparer.Ordinal))
            violations.Add(new Violation("#/state", "unknown-value", $"must be one of {string.Join(", ", ReservationReader.StateNames)}"));
        var (older, count) = (default(Guid), 50);
        if (before is not null && !Guid.TryParse(before, out older))
            violations.Add(new Violation("#/before", "malformed", "must be the id of a reservation"));
        // PostgreSQL refuses some texts that are not a tenant id.
        if (tenant is not null && !TenantsFile.IsTenantId(tenant))
            violations.Add(new Violation("#/tenant", "malformed", "must be the id of a tenant"));
        if (request is not null && !RequestId.IsValid(request))
            violations.Add(new Violation("#/request", "malformed", "must be an X-Request-Id: 1 to 128 of A-Z a-z 0-9 . _ -"));
        var traceId = trace is null ? null : RequestOrigin.ToId(trace);
        if (trace is not null && traceId is null)
            violations.Add(new Violation("#/trace", "malformed", "must be a traceId: 32 hexadecimal digits"));
        if (limit is not null && (!int.TryParse(limit, CultureInfo.InvariantCulture, out count) || count is < 1 or > MaxRows))
            violations.Add(new Violation("#/limit", "out-of-range", $"must be a whole number from 1 to {MaxRows}"));
        if (violations.Count > 0)
            return new Problem(ProblemTypes.Validation, "The query is not valid: see errors.") { Errors = violations };

        var filter = new ReservationFilter(tenant, state, request, traceId);
        var found = await reservations.ListAsync(filter, before is null ? null : older, count, cancellationToken);
        return TypedResults.Json(found, AdminJson.Default.AdminGenerations);
    }

    /// <summary>The operator found that no generation was made: gives the quota back.</summary>
    public async Task<IResult> ReleaseAsync(string reservationId, HttpRequest request, Operator caller, CancellationToken cancellationToken)
    {
        var (body, refusal) = await AdminBody.ReadAsync(request, AdminJson.Default.ReasonBody);
        if (body is null)
            return refusal!;
        if (AdminBody.ValidateReason(body.Reason) is { } violation)
            return AdminBody.Invalid([violation]);
        var outcome = new Outcome(
            ProblemTypes.UpstreamRejected.Name,
            ProblemTypes.UpstreamRejected.Status,
            "An operator found that this request made no generation. It is not charged; send it again.",
            "other"
        );
        return await DecideAsync(
            reservationId,
            new AuditEntry(caller.Name, "release", reservationId, body.Reason!),
            _ => new ReconciliationResult.Absent(outcome, Reason(caller, body.Reason!), ByOperator: true),
            cancellationToken
        );
    }

    /// <summary>The operator found the generation, or it cannot be found: charges it.</summary>
    public async Task<IResult> SettleAsync(string reservationId, HttpRequest request, Operator caller, CancellationToken cancellationToken)
    {
        var (body, refusal) = await AdminBody.ReadAsync(request, AdminJson.Default.SettleBody);
        if (body is null)
            return refusal!;
        var violations = new List<Violation>();
        if (AdminBody.ValidateReason(body.Reason) is { } violation)
            violations.Add(violation);
        var generation = body.GenerationId is null ? null : Uuid.Canonicalize(body.GenerationId);
        if (body.GenerationId is not null && generation is null)
            violations.Add(new Violation("#/generationId", "malformed", "must be a UUID"));
        if (violations.Count > 0)
            return AdminBody.Invalid(violations);
        var detail = JsonSerializer.Serialize(new SettleDetail(generation), AdminJson.Default.SettleDetail);
        return await DecideAsync(
            reservationId,
            new AuditEntry(caller.Name, "settle", reservationId, body.Reason!, detail),
            row =>
                generation is null
                    ? new ReconciliationResult.Spent(Reason(caller, body.Reason!))
                    : new ReconciliationResult.Found(
                        new Settlement(generation, row.ReservedMicros, null, null, "DOLLARS"),
                        Reason(caller, body.Reason!)
                    ),
            cancellationToken
        );
    }

    /// <summary>
    /// Audited first: the ledger must not change without an audit line. The ledger's event names the operator too.
    /// </summary>
    private async Task<IResult> DecideAsync(
        string reservationId,
        AuditEntry entry,
        Func<AdminGeneration, ReconciliationResult> decide,
        CancellationToken cancellationToken
    )
    {
        if (!Guid.TryParse(reservationId, out var id) || await reservations.FindAsync(id, cancellationToken) is not { } row)
            return new Problem(
                ProblemTypes.NotFound,
                "There is no such reservation. Nothing was changed; GET /admin/generations lists them."
            );
        if (row.State is not ("unknown" or "written-off"))
            return new Problem(ProblemTypes.NotUnknown, $"This reservation is {row.State}, not unknown. Nothing was changed.");
        entry = entry with { Target = row.ReservationId };
        await audit.AddAsync(entry, cancellationToken);
        if (!await ledger.ReconcileAsync(id, decide(row)))
        {
            await audit.AddAsync(entry with { Action = entry.Action + "-refused" }, cancellationToken);
            return new Problem(
                ProblemTypes.NotUnknown,
                "The ledger refused: the outcome was decided in the meantime, the generation has another owner, or the store did not answer. Look at the reservation before you try again."
            );
        }
        return TypedResults.Json(await reservations.FindAsync(id, cancellationToken), AdminJson.Default.AdminGeneration);
    }

    private static string Reason(Operator caller, string reason) => $"operator {caller.Name}: {reason}";
}
