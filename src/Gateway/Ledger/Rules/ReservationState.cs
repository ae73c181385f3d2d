namespace Gateway.Ledger.Rules;

/// <summary>The states of docs/ledger.md. The store keeps the letters.</summary>
internal enum ReservationState
{
    /// <summary>A job: held, not sent. Any replica sends it when its turn comes.</summary>
    Queued = 'Q',

    /// <summary>Held, not sent. If its process dies, it is released.</summary>
    Reserved = 'R',

    /// <summary>Held, and may have been sent from here on.</summary>
    Forwarding = 'F',

    /// <summary>Spent: there is a generation.</summary>
    Settled = 'S',

    /// <summary>Released: there is certainly no generation.</summary>
    Void = 'V',

    /// <summary>Held: there may be one.</summary>
    Unknown = 'U',

    /// <summary>Counted as spent, because it stayed unknown for too long.</summary>
    WrittenOff = 'W',
}

internal static class ReservationStates
{
    public static bool IsHeld(this ReservationState state) =>
        state is ReservationState.Queued or ReservationState.Reserved or ReservationState.Forwarding or ReservationState.Unknown;

    public static bool IsSpent(this ReservationState state) => state is ReservationState.Settled or ReservationState.WrittenOff;

    /// <summary>The transitions of docs/ledger.md (INV-7). None leaves S or V.</summary>
    public static bool MayBecome(this ReservationState from, ReservationState to) =>
        (from, to) switch
        {
            (ReservationState.Queued or ReservationState.Reserved, ReservationState.Forwarding or ReservationState.Void) => true,
            (ReservationState.Forwarding, ReservationState.Settled or ReservationState.Void or ReservationState.Unknown) => true,
            (ReservationState.Unknown, ReservationState.Settled or ReservationState.Void or ReservationState.WrittenOff) => true,
            (ReservationState.WrittenOff, ReservationState.Settled or ReservationState.Void) => true,
            _ => false,
        };
}
