using System.Globalization;
using Gateway.Edge.Outgoing;
using Gateway.Edge.Problems;
using Gateway.Leonardo.Key;
using Gateway.Leonardo.Replies;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Gateway.Leonardo;

/// <summary>
/// Remembers how the upstream answered last. Readiness shows it without failing: a gateway whose upstream is
/// unavailable still answers everything else.
/// </summary>
internal sealed partial class UpstreamStatus(TimeProvider time, LeonardoKey key, ILogger<UpstreamStatus> log) : IHealthCheck
{
    private const int MaxErrors = 10;

    private readonly Lock _lock = new();

    /// <summary>Creations are kept apart: reads are so many that they would push the creations out.</summary>
    private readonly Queue<UpstreamFault> _creationErrors = [];
    private readonly Queue<UpstreamFault> _callErrors = [];
    private LastOutcome? _last;

    /// <summary>Why the last call made no connection; null: it made one.</summary>
    private string? _unreachable;

    /// <summary>Called for each creation: outcome, duration. For metrics; must not throw.</summary>
    public Action<string, TimeSpan>? Recorded { get; set; }

    /// <summary>
    /// Called for each call that costs nothing: operation, outcome, duration. For metrics; must not throw.
    /// </summary>
    public Action<string, string, TimeSpan>? CallRecorded { get; set; }

    /// <summary>Whether the upstream refuses any of the configured keys.</summary>
    public bool IsKeyRefused => key.Entries.Any(entry => entry.IsRefused);

    /// <summary>The last calls that failed, newest first. No upstream text, no prompt.</summary>
    public IReadOnlyList<UpstreamFault> RecentErrors()
    {
        lock (_lock)
            return [.. _creationErrors.Concat(_callErrors).OrderByDescending(fault => fault.At)];
    }

    /// <param name="used">The key that the request carried; null where none was sent.</param>
    public void Record(CreationOutcome outcome, TimeSpan took, LeonardoKey.Entry? used)
    {
        var label = ToLabel(outcome);
        var now = time.GetUtcNow();
        Volatile.Write(ref _last, new LastOutcome(label, now));
        Recorded?.Invoke(label, took);
        var why = Explain(outcome);
        if (why is not null)
            Keep(_creationErrors, new UpstreamFault(now, label, why));
        // What was sent had a connection, whatever came of it.
        NoteConnection(outcome is CreationOutcome.Unknown ? null : why);
        switch (outcome)
        {
            // Logged when the state changes, not for each request.
            case CreationOutcome.Refused { Problem: var problem }
                when problem == ProblemTypes.UpstreamCredentials && used?.Refuse() == true:
                if (key.Tail == used.Tail)
                    Log.KeyRefused(log, used.Tail);
                else
                    Log.KeyReplaced(log, used.Tail, key.Tail);
                break;
            case CreationOutcome.Accepted when used?.Accept() == true:
                Log.KeyAcceptedAgain(log, used.Tail);
                break;
        }
    }

    /// <summary>Records a call that costs nothing.</summary>
    public void Record(string operation, string label, (ProblemType Problem, string Why)? fault, TimeSpan took)
    {
        CallRecorded?.Invoke(operation, label, took);
        if (fault is var (problem, why))
            Keep(_callErrors, new UpstreamFault(time.GetUtcNow(), problem.Name, $"{why} ({operation})"));
        NoteConnection(fault?.Why);
    }

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var keys = key.Entries;
        var last = Volatile.Read(ref _last);
        var data = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["key"] =
                keys.Count == 0 ? "none"
                : keys.All(entry => entry.IsRefused) ? "refused"
                : "present",
            ["lastOutcome"] = last?.Outcome ?? "none yet",
        };
        if (last is not null)
            data["lastOutcomeAt"] = last.At.ToString("O", CultureInfo.InvariantCulture);
        return Task.FromResult(ToHealth(keys, data, isReachable: Volatile.Read(ref _unreachable) is null));
    }

    /// <summary>Why it is not reachable is for operators only: /admin/upstream.</summary>
    private static HealthCheckResult ToHealth(IReadOnlyList<LeonardoKey.Entry> keys, Dictionary<string, object> data, bool isReachable)
    {
        if (!keys.Any(entry => entry.IsRefused))
            return isReachable ? HealthCheckResult.Healthy(data: data) : HealthCheckResult.Degraded(data: data);
        return HealthCheckResult.Degraded(
            keys.All(entry => entry.IsRefused) ? "the key is refused" : "one of two keys is refused; the other is used",
            data: data
        );
    }

    /// <returns>Null: it was accepted.</returns>
    private static string? Explain(CreationOutcome outcome) =>
        outcome switch
        {
            CreationOutcome.Refused refused => refused.Why ?? ConnectionFailure.Answer(refused.Problem.Name),
            CreationOutcome.Unknown { TimedOut: true, Why: var why } => "timeout: " + why,
            CreationOutcome.Unknown { Why: var why } => ConnectionFailure.Answer(why),
            _ => null,
        };

    /// <summary>Logged when it changes, not for each request.</summary>
    private void NoteConnection(string? why)
    {
        var unreachable = why is null || ConnectionFailure.IsAnswer(why) ? null : why;
        var before = Interlocked.Exchange(ref _unreachable, unreachable);
        if (unreachable is not null && unreachable != before)
            Log.Unreachable(log, unreachable);
        else if (unreachable is null && before is not null)
            Log.ReachableAgain(log);
    }

    private void Keep(Queue<UpstreamFault> errors, UpstreamFault fault)
    {
        lock (_lock)
        {
            errors.Enqueue(fault);
            if (errors.Count > MaxErrors)
                errors.Dequeue();
        }
    }

    private static string ToLabel(CreationOutcome outcome) =>
        outcome switch
        {
            CreationOutcome.Accepted => "accepted",
            CreationOutcome.Refused refused => refused.Problem.Name,
            _ => ProblemTypes.OutcomeUnknown.Name,
        };

    private sealed record LastOutcome(string Outcome, DateTimeOffset At);

    private static partial class Log
    {
        [LoggerMessage(
            Level = LogLevel.Error,
            Message = "Leonardo refuses the key that ends in {KeyTail}. No generation can be made until an operator puts a valid key in place"
        )]
        public static partial void KeyRefused(ILogger log, string? keyTail);

        [LoggerMessage(
            Level = LogLevel.Error,
            Message = "Leonardo refuses the key that ends in {KeyTail}. The key that ends in {OtherTail} is used from now on"
        )]
        public static partial void KeyReplaced(ILogger log, string? keyTail, string? otherTail);

        [LoggerMessage(
            Level = LogLevel.Error,
            Message = "Leonardo cannot be reached ({Why:l}). Requests are answered 502 and charge nothing; correct the network or the settings Leonardo:BaseUrl and Outgoing"
        )]
        public static partial void Unreachable(ILogger log, string why);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Leonardo can be reached again")]
        public static partial void ReachableAgain(ILogger log);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Leonardo accepts the key that ends in {KeyTail} again")]
        public static partial void KeyAcceptedAgain(ILogger log, string? keyTail);
    }
}

/// <summary>A call to the upstream that failed or whose outcome is unknown.</summary>
/// <param name="Outcome">The problem's name.</param>
/// <param name="Why">See <see cref="ConnectionFailure"/>.</param>
internal sealed record UpstreamFault(DateTimeOffset At, string Outcome, string Why);
