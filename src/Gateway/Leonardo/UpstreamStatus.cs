using Gateway.Edge;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Gateway.Leonardo;

/// <summary>How the upstream answered last, told in readiness without failing it: a gateway whose upstream is away still answers everything else.</summary>
internal sealed class UpstreamStatus(TimeProvider time, LeonardoKey key, ILogger<UpstreamStatus> logger) : IHealthCheck
{
    private int _keyRefused;
    private Seen? _last;

    public void Record(CreationOutcome outcome)
    {
        Volatile.Write(ref _last, new Seen(Word(outcome), time.GetUtcNow()));
        switch (outcome)
        {
            // An alarm once, not for each request: the operator is told when it begins and when it is over.
            case CreationOutcome.Refused { Problem: var problem } when problem == Problems.UpstreamCredentials:
                if (Interlocked.Exchange(ref _keyRefused, 1) == 0)
                    logger.LogError(
                        "Leonardo refuses the key that ends in {KeyTail}: no generation can be made until a valid key is in place",
                        key.Tail
                    );
                break;
            case CreationOutcome.Accepted when Interlocked.Exchange(ref _keyRefused, 0) == 1:
                logger.LogWarning("Leonardo accepts the key that ends in {KeyTail} again", key.Tail);
                break;
        }
    }

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var refused = Volatile.Read(ref _keyRefused) == 1;
        var last = Volatile.Read(ref _last);
        var data = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["key"] =
                key.Tail is null ? "none"
                : refused ? "refused"
                : "present",
            ["lastOutcome"] = last?.Outcome ?? "none yet",
        };
        if (last is not null)
            data["lastOutcomeAt"] = last.At.ToString("O", System.Globalization.CultureInfo.InvariantCulture);
        return Task.FromResult(
            refused ? HealthCheckResult.Degraded("the key is refused", data: data) : HealthCheckResult.Healthy(data: data)
        );
    }

    private static string Word(CreationOutcome outcome) =>
        outcome switch
        {
            CreationOutcome.Accepted => "accepted",
            CreationOutcome.Refused refused => refused.Problem.Name,
            _ => Problems.OutcomeUnknown.Name,
        };

    private sealed record Seen(string Outcome, DateTimeOffset At);
}
