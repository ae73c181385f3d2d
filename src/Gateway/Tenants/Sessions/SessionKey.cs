using System.Buffers.Text;
using System.Security.Cryptography;

namespace Gateway.Tenants.Sessions;

/// <summary>The secret of a session: 256 random bits. The browser keeps it, and the store only its SHA-256.</summary>
/// <param name="Digest">What the store knows it by.</param>
internal readonly record struct SessionKey(string Value, byte[] Digest)
{
    private const int Length = 32;

    public static SessionKey Create()
    {
        var secret = RandomNumberGenerator.GetBytes(Length);
        return new(Base64Url.EncodeToString(secret), SHA256.HashData(secret));
    }

    /// <returns>Null: no session can have this value.</returns>
    public static SessionKey? Parse(string value)
    {
        Span<byte> secret = stackalloc byte[Length];
        return
            value.Length == Base64Url.GetEncodedLength(Length)
            && Base64Url.TryDecodeFromChars(value, secret, out var written)
            && written == Length
            ? new SessionKey(value, SHA256.HashData(secret))
            : null;
    }

    /// <summary>Without the secret, whatever prints it.</summary>
    public override string ToString() => nameof(SessionKey);
}
