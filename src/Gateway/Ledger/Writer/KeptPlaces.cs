using Gateway.Edge;
using Gateway.Ledger.Rules;

namespace Gateway.Ledger.Writer;

/// <summary>
/// Places in the queue of requests that got no slot in time. An equal request, or one with the same Idempotency-Key,
/// that comes soon after its Retry-After takes the place. Of this replica only.
/// </summary>
internal sealed class KeptPlaces(TimeProvider time)
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(30);

    /// <summary>Of each tenant, so that none can use up the places of another; then no more are kept.</summary>
    private const int Most = 1000;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Dictionary<string, Place>> _tenants = new(StringComparer.Ordinal);

    /// <returns>The timestamp at which the wish was first queued; now, if it is a new one.</returns>
    public long Find(ReservationRequest request)
    {
        lock (_lock)
        {
            var places = PlacesOf(request.Tenant.Id);
            var wish = WishOf(request);
            if (!places.TryGetValue(wish, out var place) || place.Until < time.GetTimestamp())
                return time.GetTimestamp();
            places[wish] = place with { IsBack = true };
            return place.QueuedAt;
        }
    }

    public void Keep(ReservationRequest request, long queuedAt, int retryAfter)
    {
        lock (_lock)
        {
            var places = PlacesOf(request.Tenant.Id);
            if (places.Count >= Most)
            {
                foreach (var (wish, _) in places.Where(place => place.Value.Until < time.GetTimestamp()).ToList())
                    places.Remove(wish);
            }
            var until = time.After(time.GetTimestamp(), TimeSpan.FromSeconds(retryAfter) + Grace);
            if (places.Count < Most || places.ContainsKey(WishOf(request)))
                places[WishOf(request)] = new Place(queuedAt, until, IsBack: false);
        }
    }

    /// <summary>It was sent.</summary>
    public void Forget(ReservationRequest request)
    {
        lock (_lock)
        {
            if (_tenants.TryGetValue(request.Tenant.Id, out var places) && places.Remove(WishOf(request)) && places.Count == 0)
                _tenants.Remove(request.Tenant.Id);
        }
    }

    /// <summary>Requests of a tenant that were queued before, and are expected to come back.</summary>
    public int CountBefore(string tenant, long queuedAt)
    {
        lock (_lock)
        {
            var now = time.GetTimestamp();
            return _tenants.TryGetValue(tenant, out var places)
                ? places.Values.Count(place => place.QueuedAt < queuedAt && place.Until >= now && !place.IsBack)
                : 0;
        }
    }

    private Dictionary<string, Place> PlacesOf(string tenant)
    {
        if (!_tenants.TryGetValue(tenant, out var places))
            _tenants[tenant] = places = new(StringComparer.Ordinal);
        return places;
    }

    private static string WishOf(ReservationRequest request) =>
        request.IdempotencyKey is { } key ? $"key {key}" : $"body {Convert.ToHexString(request.BodyHash)}";

    /// <param name="IsBack">It is in the queue again, or was refused for another reason.</param>
    private sealed record Place(long QueuedAt, long Until, bool IsBack);
}
