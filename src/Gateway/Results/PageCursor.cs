using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Gateway.Results;

/// <summary>
/// Where a page of a tenant's list ended. Opaque and valid for that tenant only (T-B4); it grants nothing, because the
/// list itself is by tenant.
/// </summary>
internal sealed record PageCursor(long CreatedAtMicros, string Id)
{
    private const int TagBytes = 8;
    private const int Bytes = TagBytes + sizeof(long) + 16;

    public string Write(string tenant)
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        Tag(tenant).CopyTo(bytes);
        BinaryPrimitives.WriteInt64BigEndian(bytes[TagBytes..], CreatedAtMicros);
        Guid.ParseExact(Id, "D").TryWriteBytes(bytes[(TagBytes + sizeof(long))..], bigEndian: true, out _);
        return Base64Url.EncodeToString(bytes);
    }

    /// <returns>Null: not a cursor, or another tenant's.</returns>
    public static PageCursor? Read(string text, string tenant)
    {
        Span<byte> bytes = stackalloc byte[Bytes + 3];
        // Decoding would throw on text that is not base64url.
        if (text.Length > 64 || !Base64Url.IsValid(text) || !Base64Url.TryDecodeFromChars(text, bytes, out var written) || written != Bytes)
            return null;
        if (!bytes[..TagBytes].SequenceEqual(Tag(tenant)))
            return null;
        return new PageCursor(
            BinaryPrimitives.ReadInt64BigEndian(bytes[TagBytes..]),
            new Guid(bytes.Slice(TagBytes + sizeof(long), 16), bigEndian: true).ToString("D")
        );
    }

    private static ReadOnlySpan<byte> Tag(string tenant) => SHA256.HashData(Encoding.UTF8.GetBytes("page " + tenant)).AsSpan(0, TagBytes);
}
