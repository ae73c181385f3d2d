using System.Text;

namespace Gateway.Ledger.Rules;

/// <summary>
/// The bodies for Leonardo, for the owner of each generation. Stored before they are sent, because a generation may be
/// found only after a crash; deleted where there is certainly no generation.
/// </summary>
internal sealed class SentRequests(LedgerUnitOfWork state, UndoLog undo)
{
    private readonly List<SentRequest> _new = [];
    private readonly Dictionary<Guid, ReadOnlyMemory<byte>> _loaded = [];

    /// <summary>Without those that ended void in the same batch.</summary>
    public IEnumerable<SentRequest> New => _new.Where(request => state.Find(request.ReservationId)!.State != ReservationState.Void);

    /// <summary>Reservations that became void: their bodies are deleted.</summary>
    public IEnumerable<Guid> Voided =>
        state
            .Updated.Where(row => row.State == ReservationState.Void && state.Loaded(row.Id).State != ReservationState.Void)
            .Select(row => row.Id);

    public void Add(SentRequest request) => undo.Add(_new, request);

    public void Load(SentRequest request) => _loaded[request.ReservationId] = request.Body;

    /// <summary>Of a job that may be tried again.</summary>
    public ReadOnlyMemory<byte>? Find(Guid id) => _loaded.TryGetValue(id, out var body) ? body : null;
}

/// <param name="Body">JSON in UTF-8, byte for byte as it is sent.</param>
internal sealed record SentRequest(Guid ReservationId, ReadOnlyMemory<byte> Body)
{
    /// <summary>
    /// The same request with another seed. In JSON these bytes are a member's name: in a text the quotation marks would
    /// be escaped.
    /// </summary>
    public static ReadOnlyMemory<byte> WithSeed(ReadOnlyMemory<byte> body, uint seed)
    {
        var start = body.Span.IndexOf("\"seed\":"u8) + "\"seed\":".Length;
        var digits = body.Span[start..].IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        return (byte[])[.. body.Span[..start], .. Encoding.ASCII.GetBytes($"{seed}"), .. body.Span[(start + digits)..]];
    }
}
