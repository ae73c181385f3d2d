using Gateway.Edge.Delivery;
using Gateway.Ledger.Rules;

namespace Gateway.Generations;

/// <summary>
/// Requests without an Idempotency-Key in this process whose answer is not known to be delivered. A repeat may arrive
/// before the gateway notices that the first caller is gone: it waits a moment for that.
/// </summary>
internal sealed class PendingAnswers(TimeProvider time) : IHostedService
{
    /// <summary>How long a new request waits for what is known of an equal one.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(0.5);

    /// <summary>Equal requests that are admitted so close together are counted: a proxy may hide disconnects.</summary>
    private static readonly TimeSpan TwinTime = TimeSpan.FromSeconds(60);

    /// <summary>A little more than the second for which a connection is observed.</summary>
    private static readonly TimeSpan LongestStop = TimeSpan.FromSeconds(1.5);

    /// <summary>Asking the system about each of a thousand callers takes half a millisecond.</summary>
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(50);

    /// <summary>Above this rate fewer than all twins are counted, and memory stays bounded.</summary>
    private const int MaxTwins = 10_000;

    private readonly Dictionary<RepeatKey, List<PendingAnswer>> _pending = [];
    private readonly Dictionary<RepeatKey, long> _admitted = [];
    private readonly Queue<(RepeatKey Key, long At)> _ages = new();
    private long _looked;
    private long _recordedUntil;

    /// <param name="isCallerGone">See <see cref="AnswerDelivery.WatchCaller"/>.</param>
    public PendingAnswer Begin(RepeatKey key, Func<bool>? isCallerGone)
    {
        var answer = new PendingAnswer(this, key, time.GetTimestamp(), isCallerGone);
        lock (_pending)
        {
            if (!_pending.TryGetValue(key, out var equal))
                _pending.Add(key, equal = []);
            equal.Add(answer);
        }
        return answer;
    }

    /// <summary>
    /// Waits while an equal request has been running for a while, or took a while and its answer is not known to be
    /// delivered; half a second at most, unless its caller is gone.
    /// </summary>
    public async Task WaitForEqualAsync(PendingAnswer own, CancellationToken cancellationToken)
    {
        PendingAnswer[] earlier;
        lock (_pending)
            earlier = [.. _pending[own.Key].Where(answer => answer != own && IsLong(answer))];
        while (earlier.Length > 0)
        {
            using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            await Task.WhenAny(Task.WhenAll(earlier.Select(answer => answer.IsKnown)), Task.Delay(LongestWait, time, enough.Token));
            await enough.CancelAsync();
            cancellationToken.ThrowIfCancellationRequested();
            earlier = [.. earlier.Where(answer => answer.IsCallerGone)];
        }
    }

    /// <summary>
    /// Timestamp up to which it is recorded of every caller whether it is gone: a busy server may not have noticed it.
    /// </summary>
    public long RecordedUntil()
    {
        var now = time.GetTimestamp();
        lock (_pending)
        {
            if (time.GetElapsedTime(_looked, now) >= LookInterval)
            {
                _recordedUntil = now;
                foreach (var answer in _pending.Values.SelectMany(equal => equal))
                    _recordedUntil = Math.Min(_recordedUntil, answer.PresentUntil(now));
                _looked = now;
            }
            return _recordedUntil;
        }
    }

    /// <returns>Whether an equal request was admitted within the last minute.</returns>
    public bool IsTwin(RepeatKey key)
    {
        var now = time.GetTimestamp();
        lock (_pending)
        {
            while (_ages.TryPeek(out var oldest) && (_ages.Count > MaxTwins || time.GetElapsedTime(oldest.At, now) > TwinTime))
            {
                _ages.Dequeue();
                if (_admitted.TryGetValue(oldest.Key, out var last) && last == oldest.At)
                    _admitted.Remove(oldest.Key);
            }
            var isTwin = _admitted.ContainsKey(key);
            _admitted[key] = now;
            _ages.Enqueue((key, now));
            return isTwin;
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>
    /// The server stops first, so what was delivered is known soon. The ledger stops last, and records it.
    /// </summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        Task[] last;
        lock (_pending)
            last = [.. _pending.Values.SelectMany(equal => equal).Select(answer => answer.IsKnown)];
        await Task.WhenAny(Task.WhenAll(last), Task.Delay(LongestStop, CancellationToken.None));
    }

    internal void Remove(PendingAnswer answer)
    {
        lock (_pending)
        {
            if (_pending.TryGetValue(answer.Key, out var equal) && equal.Remove(answer) && equal.Count == 0)
                _pending.Remove(answer.Key);
        }
    }

    private bool IsLong(PendingAnswer answer) =>
        time.GetElapsedTime(answer.Started, answer.AnsweredAt ?? time.GetTimestamp()) > RepeatRules.LongRequest;
}
