namespace Gateway.Ledger.Rules;

/// <summary>
/// The bodies for Leonardo, for the owner of each generation. Stored before they are sent, because a generation may be
/// found only after a crash; deleted where there is certainly no generation.
/// </summary>
internal sealed class SentRequests(LedgerUnitOfWork state, UndoLog undo)
{
    private readonly List<SentRequest> _new = [];

    /// <summary>Without those that ended void in the same batch.</summary>
    public IEnumerable<SentRequest> New => _new.Where(request => state.Find(request.ReservationId)!.State != ReservationState.Void);

    /// <summary>Reservations that became void: their bodies are deleted.</summary>
    public IEnumerable<Guid> Voided =>
        state
            .Updated.Where(row => row.State == ReservationState.Void && state.Loaded(row.Id).State != ReservationState.Void)
            .Select(row => row.Id);

    public void Add(SentRequest request) => undo.Add(_new, request);
}

/// <param name="Body">JSON in UTF-8, byte for byte as it is sent.</param>
internal sealed record SentRequest(Guid ReservationId, ReadOnlyMemory<byte> Body);
