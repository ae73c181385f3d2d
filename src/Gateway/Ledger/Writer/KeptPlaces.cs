using System.Collections.Concurrent;
using Gateway.Ledger.Rules;

namespace Gateway.Ledger.Writer;

/// <summary>
/// Places in the queue of requests that got no slot in time. An equal request, or one with the same Idempotency-Key,
/// that comes soon after its Retry-After takes the place. Of this replica only.
/// </summary>
internal sealed class KeptPlaces(TimeProvider time)
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(30);

    /// <summary>More than requests that can wait at once; then the oldest are forgotten.</summary>
    private const int Most = 20_000;

    private readonly ConcurrentDictionary<(string Tenant, string Wish), (long QueuedAt, long Until)> _places = new();

    /// <returns>The timestamp at which the wish was first queued; now, if it is a new one.</returns>
    public long Take(ReservationRequest request) =>
        _places.TryRemove(KeyOf(request), out var place) && place.Until >= time.GetTimestamp() ? place.QueuedAt : time.GetTimestamp();

    public void Keep(ReservationRequest request, long queuedAt, int retryAfter)
    {
        var now = time.GetTimestamp();
        if (_places.Count >= Most)
        {
            foreach (var (key, place) in _places)
            {
                if (place.Until < now || _places.Count >= Most)
                    _places.TryRemove(key, out _);
            }
        }
        var until = now + (long)((retryAfter + Grace.TotalSeconds) * time.TimestampFrequency);
        _places[KeyOf(request)] = (queuedAt, until);
    }

    private static (string, string) KeyOf(ReservationRequest request) =>
        (request.Tenant.Id, request.IdempotencyKey is { } key ? $"key {key}" : $"body {Convert.ToHexString(request.BodyHash)}");
}
