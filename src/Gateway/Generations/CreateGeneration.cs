using System.Security.Cryptography;
using System.Text;
using Gateway.Edge.Http;
using Gateway.Edge.Problems;
using Gateway.Ledger;
using Gateway.Ledger.Rules;
using Gateway.Leonardo;
using Gateway.Leonardo.Replies;
using Gateway.Results;
using Gateway.Storage;
using Gateway.Tenants;
using Gateway.Tenants.Identification;
using Serilog;

namespace Gateway.Generations;

/// <summary><c>POST /v2/generations</c>: the whole story of one generation.</summary>
internal sealed class CreateGeneration(
    GenerationRequestReader reading,
    QuotaLedger ledger,
    LeonardoForwarder leonardo,
    CompletionWaiters waiters,
    IDiagnosticContext log
)
{
    public async Task<IResult> HandleAsync(HttpContext context, Caller caller)
    {
        // 1. Read, strictly. 2. Validate: all faults at once, then what this tenant may not do.
        var (key, malformedKey) = IdempotencyKey.Read(context.Request);
        if (malformedKey is not null)
            return malformedKey;
        using var readingStep = Tracing.Step("read");
        var (read, refusal) = await reading.ReadAsync(context.Request, caller.Tenant);
        readingStep?.Dispose();
        if (refusal is not null)
            return read is null || key is null ? refusal : await RepeatAsync(context, caller, key, read, refusal);

        // 3. The price is known before anything is sent.
        var price = read!.PriceMicros;
        var request = read.WithSeed();
        log.Set("Images", request.Quantity);
        log.Set("PriceMicros", price);

        // 4. Reserve: against every quota at once or not at all, durable and marked as forwarded before a byte leaves. Waits for a slot of the account.
        using var admitting = Tracing.Step("admit");
        var admission = await ledger.AdmitAsync(
            new ReservationRequest(caller.Tenant, request.Quantity, price, Fingerprint(request), key, BodyHash(read)),
            context.RequestAborted
        );
        admitting?.Dispose();
        if (admission is not Admission.Admitted admitted)
            return await WaitAsync(context, caller, GenerationAnswer.Of(admission, log));
        log.Set("ReservationId", admitted.ReservationId);

        // 5. From here it may cost money: the caller's hang-up changes nothing. 6. Forward, once.
        using var forwarding = Tracing.Step("forward");
        var outcome = await leonardo.CreateAsync(request.Write(), () => ledger.HoldsLease(admitted));
        forwarding?.Dispose();

        // 7. Settle, release, or leave it held for the reconciler. 8. Answer.
        return await WaitAsync(context, caller, await ConcludeAsync(admitted.ReservationId, outcome, price));
    }

    /// <summary>What was admitted keeps its outcome, though it would be refused now: a reference was deleted since, or the policy changed.</summary>
    private async Task<IResult> RepeatAsync(HttpContext context, Caller caller, string key, GenerationRequest request, Problem refusal) =>
        await ledger.RecallAsync(caller.Tenant, key, BodyHash(request)) is { } earlier
            ? await WaitAsync(context, caller, GenerationAnswer.Of(earlier, log))
            : refusal;

    /// <summary>Holds the answer about a generation as long as the caller wishes; it is charged and recorded already.</summary>
    private async Task<IResult> WaitAsync(HttpContext context, Caller caller, IResult answer)
    {
        if (answer is not GenerationAccepted accepted || PreferWait.Read(context.Request) is not { } seconds)
            return answer;
        var id = accepted.Settlement.GenerationId;
        try
        {
            var generation = await waiters.WaitAsync(caller.Tenant, id, TimeSpan.FromSeconds(seconds), context.RequestAborted);
            // Deleted meanwhile, or long ago: there is nothing to wait for.
            return generation is null ? accepted : accepted with { Generation = generation, Waited = seconds };
        }
        catch (System.Data.Common.DbException)
        {
            // The store went away meanwhile. What was made and charged is told all the same.
            return accepted with { Waited = seconds };
        }
    }

    private async Task<IResult> ConcludeAsync(Guid reservation, CreationOutcome outcome, long price)
    {
        var trace = Tracing.Current;
        using var settling = Tracing.Step("settle");
        switch (outcome)
        {
            case CreationOutcome.Accepted accepted:
                var settlement = GenerationAnswer.Settle(accepted, price);
                if (settlement.CostMicros != price || accepted.Cost.Micros is { } stated && stated != price)
                    log.Set("StatedMicros", accepted.Cost.Micros);
                var recording = await ledger.SettleAsync(reservation, settlement, trace);
                return recording == RecordingResult.Conflict
                    ? GenerationAnswer.NotMade(reservation, OutcomeRules.OwnershipConflict, log)
                    : GenerationAnswer.Settled(settlement, recording == RecordingResult.Durable, log);
            case CreationOutcome.Refused refused:
                var released = GenerationAnswer.Release(refused);
                await ledger.ReleaseAsync(reservation, released);
                return GenerationAnswer.NotMade(reservation, released, log);
            case CreationOutcome.Unknown unknown:
                var open = GenerationAnswer.LeaveOpen(unknown);
                log.Set("UnknownBecause", unknown.Why);
                await ledger.UnknownAsync(reservation, open);
                return GenerationAnswer.NotMade(reservation, open, log);
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    /// <summary>Of the request as it is meant: without the seed that the gateway draws, with all defaults.</summary>
    private static byte[] BodyHash(GenerationRequest request) => SHA256.HashData(request.Write().Span);

    /// <summary>What the reconciler finds the generation by; the prompt itself is not kept.</summary>
    private static Fingerprint Fingerprint(GenerationRequest request) =>
        new(
            request.Model.Name,
            SHA256.HashData(Encoding.UTF8.GetBytes(request.Prompt)),
            request.Seed!.Value,
            request.Width,
            request.Height,
            request.PromptEnhanced
        );
}
