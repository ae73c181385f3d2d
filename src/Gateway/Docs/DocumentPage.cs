using System.Security.Cryptography;

namespace Gateway.Docs;

/// <summary>A rendered document.</summary>
/// <param name="Html">A whole page in UTF-8.</param>
internal sealed record DocumentPage(byte[] Html)
{
    public string ETag { get; } = $"\"{Convert.ToHexStringLower(SHA256.HashData(Html).AsSpan(0, 16))}\"";
}
