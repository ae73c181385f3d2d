using System.Collections.Concurrent;
using Gateway.Edge;
using Gateway.Ledger.Rules;
using Gateway.Ledger.Writer;

namespace Gateway.Ledger;

/// <summary>
/// Reservations that were being sent when an earlier process stopped. After a power cut one of them may be a generation
/// whose id its caller has, and the store has not.
/// </summary>
internal sealed class RecoveredReservations
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<string, Guid[]> _unknown = new(StringComparer.Ordinal);
    private readonly LedgerClient _client;
    private readonly TimeProvider _time;
    private readonly long _started;

    public RecoveredReservations(LedgerWriter writer, LedgerClient client, TimeProvider time)
    {
        (_client, _time, _started) = (client, time, time.GetTimestamp());
        writer.Opened = OnOpened;
    }

    /// <param name="first">The first batch of this process, which ends what an earlier one left open.</param>
    private void OnOpened(LedgerUnitOfWork first)
    {
        var orphans = first.Orphans.Select(id => first.Find(id)!).Where(row => row.State == ReservationState.Unknown);
        foreach (var tenant in orphans.GroupBy(row => row.Tenant, StringComparer.Ordinal))
            _unknown[tenant.Key] = [.. tenant.Select(row => row.Id)];
    }

    /// <summary>To be asked before a tenant is refused an id that it does not have.</summary>
    /// <returns>Whether to look again: what it has may have been found out since.</returns>
    /// <exception cref="StoreUnavailableException">
    /// It may have one. For ten minutes after the start at most.
    /// </exception>
    public async ValueTask<bool> ThrowIfUnknownAsync(string tenant, CancellationToken cancellationToken)
    {
        if (!_unknown.TryGetValue(tenant, out var ids))
            return false;
        if (_time.GetElapsedTime(_started) >= Longest)
            return _unknown.TryRemove(tenant, out _);
        return await AreUnknownAsync(ids, cancellationToken)
            ? throw new StoreUnavailableException("The generations of this tenant are being compared with Leonardo's.")
            : true;
    }

    private Task<bool> AreUnknownAsync(Guid[] ids, CancellationToken cancellationToken) =>
        _client
            .RunAsync(
                keys => keys.Reservations.UnionWith(ids),
                rules => ids.Any(id => rules.State.Find(id)?.State == ReservationState.Unknown)
            )
            .WaitAsync(cancellationToken);
}
