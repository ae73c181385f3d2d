using System.Diagnostics;
using System.Security.Cryptography;
using Gateway.Edge;
using Gateway.Edge.Http;
using Gateway.Edge.Logging;
using Gateway.Ledger;
using Gateway.Ledger.Rules;
using Gateway.Leonardo;
using Gateway.Leonardo.Replies;
using Gateway.Results;
using Gateway.Tenants;

namespace Gateway.Generations;

/// <summary>
/// One generation, from a valid request to its outcome. It knows no protocol: every front end calls it and maps the
/// <see cref="CreationResult"/> to its own answer.
/// </summary>
internal sealed class CreateGeneration(
    QuotaLedger ledger,
    LeonardoForwarder leonardo,
    CompletionWaiters waiters,
    PendingAnswers answers,
    TimeProvider time
)
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// Called for a request without a key that is equal to one admitted within the last minute. For metrics only.
    /// </summary>
    public Action<Tenant> Twins { get; set; } = _ => { };

    /// <param name="idempotencyKey">Null: none was given; then equal requests are compared.</param>
    /// <param name="wait">
    /// How long to wait for the images, from now on: the time in the queue counts. Null: return as soon as the
    /// generation is charged.
    /// </param>
    /// <param name="cancellationToken">
    /// The caller has disconnected. It ends the waiting for a slot or for the images, and nothing that may cost money.
    /// </param>
    /// <param name="onAdmitted">
    /// Called when it can no longer be refused by the gateway itself; true: it is answered from an earlier request.
    /// </param>
    /// <param name="isJob">Return as soon as it is held and stored; it is sent when its turn comes.</param>
    /// <exception cref="OperationCanceledException">The caller disconnected while it waited.</exception>
    public async Task<CreationResult> CreateAsync(
        ValidatedRequest validated,
        Tenant tenant,
        string? idempotencyKey,
        TimeSpan? wait,
        CancellationToken cancellationToken,
        Action<bool>? onAdmitted = null,
        bool isJob = false
    )
    {
        var began = time.GetTimestamp();
        Func<TimeSpan>? waitLeft = wait is { } limit ? () => limit - time.GetElapsedTime(began) : null;
        // The Idempotency-Key is bound to the request as the caller meant it: before the gateway draws a seed.
        var bodyHash = validated.RepeatHash ?? validated.Request.BodyHash();

        // 1. What is refused now may have been admitted earlier under this key; its outcome is then repeated.
        if (validated.Refusal is { } refusal)
        {
            var earlier = await RecallAsync(tenant, idempotencyKey, bodyHash);
            return earlier is null ? new CreationResult.Refused(refusal) : await WaitAsync(earlier, tenant, waitLeft, cancellationToken);
        }

        // 2. The price is known before anything is sent.
        var price = validated.Request.PriceMicros;
        RequestEvent.Current?.Images = validated.Request.Quantity;
        RequestEvent.Current?.PriceMicros = price;

        // 3. Without a key, the answer to an equal request that nobody received is this caller's.
        var call = new Call(validated, bodyHash, price, tenant, idempotencyKey, waitLeft, onAdmitted, isJob);
        if (idempotencyKey is not null)
            return await MakeAsync(call, null, cancellationToken);
        if (isJob)
            call = call with { BodyHash = SHA256.HashData([.. bodyHash, .. "job"u8]) };
        var answer = answers.Begin(new RepeatKey(tenant.Id, call.BodyHash), validated.IsCallerGone);
        try
        {
            await answers.WaitForEqualAsync(answer, cancellationToken);
            var result = await MakeAsync(call, answer, cancellationToken);
            if (result is CreationResult.Settled or CreationResult.Queued)
                return result with { Answer = answer };
            answer.Drop();
            return result is CreationResult.NotMade { IsReplay: true } notMade ? notMade with { IsPassedOn = true } : result;
        }
        catch
        {
            await answer.HangUpAsync();
            throw;
        }
    }

    /// <summary>Sends what is held and marked as forwarded, once, and records its outcome.</summary>
    /// <param name="price">The computed price in micro-dollars.</param>
    public async Task<CreationResult> SendAsync(Admission.Admitted admitted, ReadOnlyMemory<byte> body, long price)
    {
        // 6. From here it may cost money: the caller's disconnection changes nothing.
        // 7. Forward, once.
        using var forwarding = Tracing.Step("forward");
        var outcome = await leonardo.CreateAsync(body, () => ledger.HoldsLease(admitted));
        forwarding?.Dispose();

        // 8. Settle, release, or keep the quota held for the reconciler.
        return await RecordAsync(admitted.ReservationId, outcome, price);
    }

    private async Task<CreationResult> MakeAsync(Call call, PendingAnswer? answer, CancellationToken cancellationToken)
    {
        // 4. The seed identifies the generation to the reconciler.
        var request = call.Validated.Request.WithSeed();
        var body = request.Write();

        // 5. Reserve against every quota at once or not at all: durable and marked as forwarded before the first byte
        // is sent. This waits for a slot of the account. A job is only queued.
        var reservation = new ReservationRequest(
            call.Tenant,
            request.Quantity,
            call.Price,
            request.Fingerprint(),
            call.IdempotencyKey,
            call.BodyHash
        )
        {
            CallerWaits = call.WaitLeft is not null,
            Body = body,
            Job = call.IsJob ? new JobRequest(Guid.CreateVersion7(time.GetUtcNow()), SeedDrawn: call.Validated.Request.Seed is null) : null,
            Origin = call.Validated.Origin,
        };
        var admission = await AdmitAsync(reservation, answer, call.WaitLeft, cancellationToken);
        if (admission is Admission.Admitted or Admission.Replayed { Outcome.Settlement: not null })
            call.OnAdmitted?.Invoke(admission is Admission.Replayed);
        if (admission is not Admission.Admitted admitted)
            return await WaitAsync(NotAdmitted(admission), call.Tenant, call.WaitLeft, cancellationToken);
        RequestEvent.Current?.ReservationId = admitted.ReservationId;
        var result = await SendAsync(admitted, body, call.Price);

        // 9. Wait for the images, if the caller asked to.
        return await WaitAsync(result, call.Tenant, call.WaitLeft, cancellationToken);
    }

    private async Task<Admission> AdmitAsync(
        ReservationRequest reservation,
        PendingAnswer? answer,
        Func<TimeSpan>? wait,
        CancellationToken cancellationToken
    )
    {
        using var admitting = Tracing.Step("admit");
        while (true)
        {
            var admission = await ledger.AdmitAsync(reservation with { WaitsFor = wait?.Invoke() }, cancellationToken);
            var claim = admission switch
            {
                Admission.Admitted admitted => admitted.Answer,
                Admission.Replayed replayed => replayed.Answer,
                Admission.Joined joined => joined.Answer,
                Admission.Queued queued => queued.Answer,
                _ => null,
            };
            if (claim is not null)
                answer!.Claim(ledger.Answers, claim, cancellationToken);
            switch (admission)
            {
                case Admission.OwedElsewhere owed:
                    reservation = reservation with { WaitsSince = owed.At };
                    await Task.Delay(Poll, time, cancellationToken);
                    break;
                case Admission.Joined joined when await OutcomeAsync(joined.Answer.ReservationId, cancellationToken) is { } outcome:
                    return new Admission.Replayed(outcome, joined.Answer);
                case Admission.Joined:
                    // It ended without a charge, and not because of what it asked for: this is a new request.
                    break;
                default:
                    if (admission is Admission.Admitted && answer is not null && answers.IsTwin(answer.Key))
                        Twins(reservation.Tenant);
                    return admission;
            }
        }
    }

    /// <summary>The outcome of a request that another caller has left.</summary>
    /// <returns>Null: it was not made, for a reason outside the request.</returns>
    private async Task<StoredOutcome?> OutcomeAsync(Guid reservationId, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (await ledger.Answers.FindOutcomeAsync(reservationId, cancellationToken) is { } outcome)
                return outcome is { State: ReservationState.Void, Outcome: not { KeepsIdempotencyKey: true } } ? null : outcome;
            await Task.Delay(Poll, time, cancellationToken);
        }
    }

    private async Task<CreationResult?> RecallAsync(Tenant tenant, string? key, byte[] bodyHash) =>
        key is not null && await ledger.FindRepeatedAsync(tenant, key, bodyHash) is { } earlier ? NotAdmitted(earlier) : null;

    private static CreationResult NotAdmitted(Admission admission)
    {
        RequestEvent.Current?.Outcome = admission.GetType().Name;
        return admission switch
        {
            Admission.Replayed { Outcome: var stored } => CreationResult.Replay(stored),
            Admission.Queued queued => new CreationResult.Queued(queued.JobId) { IsReplay = queued.IsReplay },
            Admission.InProgress running => new CreationResult.InProgress(running.RetryAfter),
            Admission.Mismatch => new CreationResult.Mismatch(),
            Admission.Exceeded exceeded => new CreationResult.QuotaExceeded(exceeded.Violated, exceeded.RetryAfter),
            Admission.Saturated saturated => new CreationResult.Saturated(saturated.RetryAfter),
            Admission.Unavailable unavailable => new CreationResult.Unavailable(unavailable.Detail, unavailable.RetryAfter),
            _ => throw new UnreachableException(),
        };
    }

    private async Task<CreationResult> RecordAsync(Guid reservation, CreationOutcome outcome, long price)
    {
        var trace = Tracing.Current;
        using var settling = Tracing.Step("settle");
        switch (outcome)
        {
            case CreationOutcome.Accepted accepted:
                return await SettleAsync(reservation, accepted, price, trace);
            case CreationOutcome.Refused refused:
                var released = OutcomeRecord.FromRefusal(refused);
                await ledger.ReleaseAsync(reservation, released);
                RequestEvent.Current?.Outcome = released.Problem;
                return new CreationResult.NotMade(reservation, released);
            case CreationOutcome.Unknown unknown:
                RequestEvent.Current?.UnknownBecause = unknown.Why;
                var open = OutcomeRecord.FromUnknown(unknown);
                await ledger.UnknownAsync(reservation, open);
                RequestEvent.Current?.Outcome = open.Problem;
                return new CreationResult.Unknown(reservation, open);
            default:
                throw new UnreachableException();
        }
    }

    private async Task<CreationResult> SettleAsync(Guid reservation, CreationOutcome.Accepted accepted, long price, string? trace)
    {
        var (settlement, implausible) = OutcomeRecord.FromAcceptance(accepted, price);
        if (accepted.Cost.Micros != price)
            RequestEvent.Current?.StatedMicros = accepted.Cost.Micros;
        var recording = await ledger.SettleAsync(reservation, settlement, trace, implausible);
        if (recording == RecordingResult.Conflict)
        {
            RequestEvent.Current?.Outcome = OutcomeRules.OwnershipConflict.Problem;
            return new CreationResult.Unknown(reservation, OutcomeRules.OwnershipConflict);
        }
        RequestEvent.Current?.Outcome = "settled";
        RequestEvent.Current?.GenerationId = settlement.GenerationId;
        RequestEvent.Current?.CostMicros = settlement.CostMicros;
        return new CreationResult.Settled(settlement, IsDurable: recording == RecordingResult.Durable);
    }

    /// <summary>The generation is charged and recorded already: whatever happens here, its id is answered.</summary>
    private async Task<CreationResult> WaitAsync(
        CreationResult result,
        Tenant tenant,
        Func<TimeSpan>? wait,
        CancellationToken cancellationToken
    )
    {
        if (result is not CreationResult.Settled settled || wait is null)
            return result;
        try
        {
            var id = settled.Settlement.GenerationId;
            // Null: it has been deleted, so there is nothing to wait for.
            return await waiters.WaitAsync(tenant, id, wait(), cancellationToken) is { } generation
                ? settled with
                {
                    HasWaited = true,
                    Generation = generation,
                }
                : settled;
        }
        catch (StoreUnavailableException)
        {
            return settled with { HasWaited = true };
        }
    }

    /// <summary>What one caller asked for.</summary>
    /// <param name="Price">The computed price in micro-dollars.</param>
    /// <param name="WaitLeft">Null: it does not wait for the images.</param>
    private sealed record Call(
        ValidatedRequest Validated,
        byte[] BodyHash,
        long Price,
        Tenant Tenant,
        string? IdempotencyKey,
        Func<TimeSpan>? WaitLeft,
        Action<bool>? OnAdmitted,
        bool IsJob
    );
}
