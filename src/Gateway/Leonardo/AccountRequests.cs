using Gateway.Ledger;

namespace Gateway.Leonardo;

/// <summary>
/// The account's requests a minute (<c>Leonardo:RequestsPerMinute</c>) apart from creations, which the ledger counts
/// and which go first. The gateway's own reads (polls of running generations, the reconciler) may use what is left,
/// calls for tenants half of it. The replicas divide it: each counts its own share, in any 60 seconds.
/// </summary>
internal sealed class AccountRequests(LeonardoOptions options, QuotaOptions quotas, QuotaLedger ledger, TimeProvider time)
{
    private static readonly TimeSpan Minute = TimeSpan.FromSeconds(60);

    private readonly Lock _lock = new();

    /// <summary>Timestamps of the last minute, oldest first.</summary>
    private readonly Queue<long> _sent = new();

    /// <summary>Polls that may be sent now.</summary>
    public int Left
    {
        get
        {
            lock (_lock)
                return Math.Max(0, Limit - Count());
        }
    }

    /// <summary>At least half of the account's requests are left to other calls than creations.</summary>
    private int Limit =>
        Math.Max(1, (options.RequestsPerMinute - Math.Min(quotas.GenerationsPerMinute, options.RequestsPerMinute / 2)) / ledger.Replicas);

    /// <param name="isOwn">Whether it is the gateway's own, on which every tenant depends.</param>
    /// <returns>Null: it counts, and is to be sent; else seconds until there is room.</returns>
    public int? TrySend(bool isOwn)
    {
        lock (_lock)
        {
            var limit = isOwn ? Limit : (Limit + 1) / 2;
            if (Count() < limit)
            {
                _sent.Enqueue(time.GetTimestamp());
                return null;
            }
            // When so many have left the minute that it fits.
            var next = _sent.ElementAt(_sent.Count - limit);
            return Math.Max(1, (int)Math.Ceiling((Minute - time.GetElapsedTime(next)).TotalSeconds));
        }
    }

    private int Count()
    {
        while (_sent.TryPeek(out var oldest) && time.GetElapsedTime(oldest) >= Minute)
            _sent.Dequeue();
        return _sent.Count;
    }
}
