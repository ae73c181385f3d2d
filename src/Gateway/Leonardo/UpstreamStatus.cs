using Gateway.Edge.Problems;
using Gateway.Leonardo.Key;
using Gateway.Leonardo.Replies;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Gateway.Leonardo;

/// <summary>How the upstream answered last, told in readiness without failing it: a gateway whose upstream is away still answers everything else.</summary>
internal sealed class UpstreamStatus(TimeProvider time, LeonardoKey key, ILogger<UpstreamStatus> logger) : IHealthCheck
{
    private const int MostErrors = 10;

    private readonly Lock _lock = new();
    private readonly Queue<UpstreamFault> _errors = [];
    private readonly Queue<UpstreamFault> _unpaid = [];
    private Seen? _last;

    /// <summary>Told of each call and how long it took. For figures only; must not throw.</summary>
    public Action<string, TimeSpan>? Recorded { get; set; }

    /// <summary>Told of each call that costs nothing: what it was, what came of it, and how long it took. For figures only; must not throw.</summary>
    public Action<string, string, TimeSpan>? CallRecorded { get; set; }

    /// <summary>Whether any of the keys that may be used is refused.</summary>
    public bool IsKeyRefused => key.Entries.Any(each => each.IsRefused);

    /// <summary>The last calls that made nothing, newest first. Our own words; no upstream text, no prompt.</summary>
    public IReadOnlyList<UpstreamFault> RecentErrors()
    {
        lock (_lock)
            return [.. _errors.Concat(_unpaid).OrderByDescending(fault => fault.At)];
    }

    /// <param name="used">The key that the request carried; null where none was sent.</param>
    public void Record(CreationOutcome outcome, TimeSpan took, LeonardoKey.Entry? used)
    {
        var word = Word(outcome);
        var now = time.GetUtcNow();
        Volatile.Write(ref _last, new Seen(word, now));
        Recorded?.Invoke(word, took);
        if (outcome is not CreationOutcome.Accepted)
            Keep(_errors, new UpstreamFault(now, word, (outcome as CreationOutcome.Unknown)?.Why));
        switch (outcome)
        {
            // An alarm once, not for each request: the operator is told when it begins and when it is over.
            case CreationOutcome.Refused { Problem: var problem }
                when problem == ProblemTypes.UpstreamCredentials && used?.Refuse() == true:
                if (key.Tail == used.Tail)
                    logger.LogError(
                        "Leonardo refuses the key that ends in {KeyTail}: no generation can be made until a valid key is in place",
                        used.Tail
                    );
                else
                    logger.LogError(
                        "Leonardo refuses the key that ends in {KeyTail}: from now on the one that ends in {OtherTail} is used",
                        used.Tail,
                        key.Tail
                    );
                break;
            case CreationOutcome.Accepted when used?.Accept() == true:
                logger.LogWarning("Leonardo accepts the key that ends in {KeyTail} again", used.Tail);
                break;
        }
    }

    /// <summary>A call that costs nothing.</summary>
    public void Record(string operation, string word, (ProblemType Problem, string? Why)? fault, TimeSpan took)
    {
        CallRecorded?.Invoke(operation, word, took);
        if (fault is var (problem, why))
            Keep(_unpaid, new UpstreamFault(time.GetUtcNow(), problem.Name, why is null ? operation : $"{operation}: {why}"));
    }

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var keys = key.Entries;
        var last = Volatile.Read(ref _last);
        var data = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["key"] =
                keys.Count == 0 ? "none"
                : keys.All(each => each.IsRefused) ? "refused"
                : "present",
            ["lastOutcome"] = last?.Outcome ?? "none yet",
        };
        if (last is not null)
            data["lastOutcomeAt"] = last.At.ToString("O", System.Globalization.CultureInfo.InvariantCulture);
        return Task.FromResult(Judge(keys, data));
    }

    private static HealthCheckResult Judge(IReadOnlyList<LeonardoKey.Entry> keys, Dictionary<string, object> data)
    {
        if (!keys.Any(each => each.IsRefused))
            return HealthCheckResult.Healthy(data: data);
        return HealthCheckResult.Degraded(
            keys.All(each => each.IsRefused) ? "the key is refused" : "one of two keys is refused; the other is used",
            data: data
        );
    }

    /// <summary>What costs money is kept apart: reads are so many that it would soon be gone.</summary>
    private void Keep(Queue<UpstreamFault> kind, UpstreamFault fault)
    {
        lock (_lock)
        {
            kind.Enqueue(fault);
            if (kind.Count > MostErrors)
                kind.Dequeue();
        }
    }

    private static string Word(CreationOutcome outcome) =>
        outcome switch
        {
            CreationOutcome.Accepted => "accepted",
            CreationOutcome.Refused refused => refused.Problem.Name,
            _ => ProblemTypes.OutcomeUnknown.Name,
        };

    private sealed record Seen(string Outcome, DateTimeOffset At);
}

/// <summary>A call to the upstream that made nothing, or may have made nothing, or told nothing.</summary>
/// <param name="Outcome">The problem's name.</param>
internal sealed record UpstreamFault(DateTimeOffset At, string Outcome, string? Why);
