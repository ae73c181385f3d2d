using System.Security.Cryptography;
using Gateway.Tenants;

namespace Gateway.Ledger.Rules;

/// <summary>
/// The rules of admission (L1, L2), over what was loaded under the lock. Pure, and the same on both engines: no clock,
/// no store, no waiting.
/// </summary>
/// <param name="refusal">Why nothing may be admitted now; null: it may.</param>
internal sealed class AdmissionRules(
    LedgerUnitOfWork state,
    QuotaOptions options,
    QuotaLimits organization,
    Guid instance,
    ShareRules shares,
    string? refusal = null
)
{
    private const int TryAgainSoon = 2;
    private const int TryAgainLater = 30;

    public LedgerUnitOfWork State => state;

    /// <summary>How what was admitted ends.</summary>
    public OutcomeRules Outcomes { get; } = new(state, options);

    /// <summary>Requests without an Idempotency-Key whose answer nobody received.</summary>
    public RepeatRules Repeats { get; } = new(state, options, instance);

    /// <summary>Whose turn it is to send to the account.</summary>
    public ShareRules Shares => shares;

    /// <summary>L1. Null: it is reserved, and waits for a slot.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no image, or the price is negative.</exception>
    public Admission? Reserve(Guid id, ReservationRequest request)
    {
        // 1. The Idempotency-Key, or an equal request without one.
        if (request.IdempotencyKey is { } key && state.FindKey(request.Tenant.Id, key) is { } earlier)
        {
            if (earlier.HasKeyAt(state.Now, options.IdempotencyWindow))
                return Repeat(earlier, request.BodyHash);
            state.Move(earlier, earlier with { IdempotencyKey = null }, "key-expired");
        }
        if (request.IdempotencyKey is null && options.RepeatWindow > TimeSpan.Zero && Repeats.Find(request) is { } repeated)
            return repeated;
        // 2. Whether anything may be admitted at all.
        if (refusal is not null)
            return new Admission.Unavailable(TryAgainLater, refusal);
        ArgumentOutOfRangeException.ThrowIfLessThan(request.Images, 1, nameof(request));
        ArgumentOutOfRangeException.ThrowIfNegative(request.Micros, nameof(request));
        // 3. All quotas at once, or none.
        var quote = Quote(request.Tenant, request.Images, request.Micros, request.Fingerprint.Model, request.Job is not null);
        if (quote.Exceeded.Count > 0)
            return Exceeded(quote.Exceeded, quote.Quotas);

        var reservation = new Reservation
        {
            Id = id,
            Tenant = request.Tenant.Id,
            State = request.Job is null ? ReservationState.Reserved : ReservationState.Queued,
            JobId = request.Job?.Id,
            SeedDrawn = request.Job is { SeedDrawn: true },
            Images = request.Images,
            Micros = quote.Micros,
            RaisedFrom = quote.Micros == request.Micros ? null : request.Micros,
            Day = state.Day,
            Month = state.Month,
            Sequence = state.Counter(request.Tenant.Id)!.Sequence + 1,
            IdempotencyKey = request.IdempotencyKey,
            BodyHash = request.BodyHash,
            Fingerprint = request.Fingerprint,
            Instance = instance,
            ReservedAt = state.Now,
            OwedBy = request.IdempotencyKey is null && options.RepeatWindow > TimeSpan.Zero ? instance : null,
            OwedAt = state.Now,
            CallerWaits = request.CallerWaits,
            User = request.Origin?.User,
            Origin = request.Origin,
        };
        try
        {
            state.Move(null, reservation, request.Job is null ? "reserve" : "queue");
            if (!request.Body.IsEmpty)
                state.Requests.Add(new SentRequest(id, request.Body));
            if (request.Job is not { } job)
                return null;
            state.Jobs.Add(new JobRow(job.Id, request.Tenant.Id, id, state.Now));
            return new Admission.Queued(job.Id, Repeats.AnswerOf(id), Quotas(request.Tenant), IsReplay: false);
        }
        catch (OverflowException)
        {
            return new Admission.Unavailable(TryAgainLater, "This request would take a balance beyond what the gateway can count.");
        }
    }

    /// <summary>What a request would hold now, and which quotas do not admit it.</summary>
    /// <param name="price">The computed price in micro-dollars.</param>
    /// <param name="isJob">See <see cref="QuotaStatus.AppliesTo"/>.</param>
    /// <exception cref="OverflowException">It costs more than a balance can hold.</exception>
    public Quote Quote(Tenant tenant, int images, long price, string model, bool isJob = false)
    {
        var micros = state.Prices.InForce(model, state.Now).Apply(price);
        var quotas = Quotas(tenant);
        return new Quote(
            images,
            micros,
            [
                .. quotas
                    .Where(quota => quota.AppliesTo(isJob) ? !quota.Admits(images, micros) : isJob && quota.Limit < 1)
                    .Select(quota => new ExceededQuota(quota, quota.AmountNeeded(images, micros))),
            ],
            quotas
        );
    }

    /// <summary>The answer to a repetition with this key; null: there is nothing to repeat.</summary>
    public Admission? FindRepeated(string tenant, string key, byte[] bodyHash) =>
        state.FindKey(tenant, key) is { } earlier && earlier.HasKeyAt(state.Now, options.IdempotencyWindow)
            ? Repeat(earlier, bodyHash)
            : null;

    /// <summary>
    /// L2 of a queued job, on any replica: when a slot is free, and its tenant's minute and generations at once
    /// allow it.
    /// </summary>
    /// <param name="tenant">Of the job; null: it is suspended, or this process does not know it.</param>
    /// <returns>The job as it may be sent; null: it stays queued, or has ended.</returns>
    public Reservation? TryClaim(Guid id, Tenant? tenant, bool isSuspended)
    {
        if (refusal is not null || Outcomes.Jobs.FindQueued(id) is not { } queued)
            return null;
        if (tenant is null)
        {
            if (isSuspended || Outcomes.Jobs.IsOrphan(queued))
                Outcomes.Jobs.Suspend(queued);
        }
        else if (shares.MayTake(queued.Tenant) && !shares.IsWaiting(queued.Tenant) && QuotaCalculator.AdmitsNow(state, tenant))
        {
            Forward(queued, queued with { Instance = instance }, "claim");
            return state.Find(id);
        }
        return null;
    }

    /// <summary>A job that this process accepted, and whose caller was refused.</summary>
    public bool Withdraw(Guid id) => Outcomes.Jobs.Withdraw(id, instance);

    /// <returns>Null: it is open.</returns>
    public StoredOutcome? OutcomeOf(Guid id) =>
        state.Find(id) is { State: not (ReservationState.Queued or ReservationState.Reserved or ReservationState.Forwarding) } row
            ? row.Stored()
            : null;

    /// <summary>L2, in the same commit as L1 or in a later one.</summary>
    /// <returns>False: no slot of the account is free, or it may not be sent any more.</returns>
    public bool TryForward(Guid id)
    {
        if (refusal is not null || state.Find(id) is not { State: ReservationState.Reserved } reserved || reserved.Instance != instance)
            return false;
        if (!shares.HasSlot)
            return false;
        Forward(reserved, reserved, "forward");
        return true;
    }

    private void Forward(Reservation before, Reservation row, string why)
    {
        state.Move(
            before,
            row with
            {
                State = ReservationState.Forwarding,
                Sent = state.Ledger.Sent + 1,
                ForwardedAt = state.Now,
                RunningUntil = state.Now + options.GenerationTimeLimit,
            },
            why
        );
        shares.Take(row.Tenant);
    }

    public IReadOnlyList<UnknownReservation> Unknown() =>
        [
            .. state
                .Unknown.Select(id => state.Find(id)!)
                .Select(row => new UnknownReservation(
                    row.Id,
                    row.Tenant,
                    row.Fingerprint,
                    row.Images,
                    row.Micros,
                    row.ForwardedAt!.Value,
                    row.FencedAt!.Value,
                    state.Now
                )),
        ];

    public IReadOnlyList<QuotaStatus> Quotas(Tenant tenant) => QuotaCalculator.Calculate(state, tenant, organization);

    public UsageTotals Totals(Tenant tenant) => new(state.Window(tenant.Id, state.Day).Totals, state.Window(tenant.Id, state.Month).Totals);

    private static Admission.Exceeded Exceeded(IReadOnlyList<ExceededQuota> violated, IReadOnlyList<QuotaStatus> quotas) =>
        new(
            violated,
            violated.Any(quota => quota.NeverAdmits) ? null : violated.Max(violated => violated.Quota.ResetSeconds ?? TryAgainSoon),
            quotas
        );

    private static Admission Repeat(Reservation earlier, byte[] bodyHash) =>
        !CryptographicOperations.FixedTimeEquals(earlier.BodyHash, bodyHash) ? new Admission.Mismatch()
        : earlier.JobId is { } job ? new Admission.Queued(job, null, null, IsReplay: true)
        : earlier.State is ReservationState.Reserved or ReservationState.Forwarding ? new Admission.InProgress(TryAgainSoon)
        : new Admission.Replayed(earlier.Stored());
}
