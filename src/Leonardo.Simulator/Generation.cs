using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;

namespace Leonardo.Simulator;

internal sealed record Reference(Guid Id, bool Uploaded);

internal sealed record CreationRequest(
    string Model,
    bool Public,
    string Prompt,
    int Width,
    int Height,
    int Quantity,
    long Seed,
    IReadOnlyList<Reference> References
);

internal enum Ending
{
    Complete,
    Nsfw,
    Empty,
    Failed,
    Never,
}

internal sealed class Generation(
    Guid id,
    CreationRequest request,
    Ending ending,
    DateTimeOffset createdAt,
    DateTimeOffset endsAt,
    int credits
)
{
    public Guid Id { get; } = id;
    public CreationRequest Request { get; } = request;
    public Ending Ending { get; } = ending;
    public DateTimeOffset CreatedAt { get; } = createdAt;
    public int Credits { get; } = credits;
    public decimal Dollars { get; } = SimulatedModel.Dollars(credits);
    public Guid[] ImageIds { get; } = [.. Enumerable.Range(0, request.Quantity).Select(_ => Guid.NewGuid())];
    public int Polls { get; set; }

    public string StatusAt(DateTimeOffset now) =>
        Ending == Ending.Never || now < endsAt ? "PENDING"
        : Ending == Ending.Failed ? "FAILED"
        : "COMPLETE";

    public bool HasImagesAt(DateTimeOffset now) => Ending != Ending.Empty && StatusAt(now) is "COMPLETE";

    /// <summary>As Leonardo names files: the model, the start of the prompt, the index of the image.</summary>
    public string GetFileName(int index)
    {
        var start = Request.Prompt.AsSpan(0, Math.Min(Request.Prompt.Length, 60));
        var words = string.Create(
            start.Length,
            start,
            static (target, source) =>
            {
                for (var i = 0; i < target.Length; i++)
                {
                    target[i] = char.IsAsciiLetterOrDigit(source[i]) ? source[i] : '_';
                }
            }
        );
        return $"{Request.Model}_{words.Trim('_')}-{index.ToString(CultureInfo.InvariantCulture)}.jpg";
    }
}

/// <summary>
/// Draws UUIDs of version 6 (RFC 9562, 5.6), as Leonardo's generation ids are: the creation time first, in 100 ns since
/// 1582-10-15. Not thread-safe.
/// </summary>
internal sealed class GenerationIds
{
    private static readonly DateTimeOffset GregorianReform = new(1582, 10, 15, 0, 0, 0, TimeSpan.Zero);
    private long last;

    public Guid Next(DateTimeOffset now)
    {
        last = Math.Max(last + 1, now.UtcTicks - GregorianReform.UtcTicks);
        Span<byte> bytes = stackalloc byte[16];
        RandomNumberGenerator.Fill(bytes[8..]);
        BinaryPrimitives.WriteUInt32BigEndian(bytes, (uint)(last >> 28));
        BinaryPrimitives.WriteUInt16BigEndian(bytes[4..], (ushort)(last >> 12));
        BinaryPrimitives.WriteUInt16BigEndian(bytes[6..], (ushort)(0x6000 | (last & 0xFFF)));
        bytes[8] = (byte)(0x80 | (bytes[8] & 0x3F));
        return new Guid(bytes, bigEndian: true);
    }
}
