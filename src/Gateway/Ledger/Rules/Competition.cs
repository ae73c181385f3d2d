namespace Gateway.Ledger.Rules;

/// <summary>
/// Who has slots of the account, who waits for one, and who asked lately, on all replicas. Not loaded while an account
/// with many slots has enough for everybody.
/// </summary>
/// <param name="instance">This replica.</param>
internal sealed class Competition(Guid instance)
{
    /// <summary>Slots in use, by tenant.</summary>
    public Dictionary<string, long> Running { get; } = new(StringComparer.Ordinal);

    /// <summary>Creations of the last minute, by tenant.</summary>
    public Dictionary<string, long> Created { get; } = new(StringComparer.Ordinal);

    /// <summary>Requests of this replica that wait for a slot, by tenant.</summary>
    public Dictionary<string, long> WaitingHere { get; } = new(StringComparer.Ordinal);

    /// <summary>Requests of other replicas that wait for a slot, by tenant.</summary>
    public Dictionary<string, long> WaitingElsewhere { get; } = new(StringComparer.Ordinal);

    /// <summary>Requests that are being sent.</summary>
    public long Forwarding { get; set; }

    /// <summary>Tenants that asked within <see cref="ShareRules.Lately"/>, or may be waiting for longer.</summary>
    public HashSet<string> Asked { get; } = new(StringComparer.Ordinal);

    /// <param name="state">Reserved, which waits for a slot, or forwarding.</param>
    public void AddOpen(string tenant, ReservationState state, bool isHere, long count)
    {
        if (state == ReservationState.Forwarding)
            Forwarding += count;
        else
            Add(isHere ? WaitingHere : WaitingElsewhere, tenant, count);
    }

    /// <summary>Follows a change of the batch.</summary>
    public void Move(Reservation? before, Reservation after, UndoLog undo)
    {
        Move(before, after, 1);
        undo.Add(() => Move(before, after, -1));
    }

    private void Move(Reservation? before, Reservation after, int sign)
    {
        Add(Running, after.Tenant, sign * (Count(after.RunningUntil is not null) - Count(before?.RunningUntil is not null)));
        Add(Created, after.Tenant, sign * (Count(after.Sent is not null) - Count(before?.Sent is not null)));
        Forwarding += sign * (Count(after.State == ReservationState.Forwarding) - Count(before?.State == ReservationState.Forwarding));
        Add(
            after.Instance == instance ? WaitingHere : WaitingElsewhere,
            after.Tenant,
            sign * (Count(after.State == ReservationState.Reserved) - Count(before?.State == ReservationState.Reserved))
        );
    }

    public IEnumerable<string> Waiting => WaitingHere.Keys.Union(WaitingElsewhere.Keys, StringComparer.Ordinal);

    public long RunningOf(string tenant) => Running.GetValueOrDefault(tenant);

    public long CreatedOf(string tenant) => Created.GetValueOrDefault(tenant);

    public long WaitingOf(string tenant) => WaitingHere.GetValueOrDefault(tenant) + WaitingElsewhere.GetValueOrDefault(tenant);

    /// <summary>A tenant without any is not in it.</summary>
    private static void Add(Dictionary<string, long> counts, string tenant, long count)
    {
        if (count == 0)
            return;
        if (counts.GetValueOrDefault(tenant) + count is var sum && sum > 0)
            counts[tenant] = sum;
        else
            counts.Remove(tenant);
    }

    private static int Count(bool yes) => yes ? 1 : 0;
}
