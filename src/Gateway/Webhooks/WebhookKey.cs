using System.Security.Cryptography;
using System.Text;
using Gateway.Edge.Http;
using Gateway.Leonardo.Key;
using Gateway.Tenants.Identification;

namespace Gateway.Webhooks;

/// <summary>The bearer value by which a webhook of the upstream is recognised.</summary>
internal sealed class WebhookKey(WebhookOptions options, TimeProvider time)
{
    private readonly ReloadingFile<string>? _file = options.KeyFile is null
        ? null
        : new ReloadingFile<string>(options.KeyFile, Parse, time);

    /// <summary>Compares in constant time (T-I1).</summary>
    public bool Accepts(string? authorization)
    {
        if ((_file is null ? options.Key : _file.GetCurrent()) is not { } key)
            return false;
        var presented = authorization is null ? "" : BearerToken.Find(authorization) ?? "";
        return CryptographicOperations.FixedTimeEquals(
            SHA256.HashData(Encoding.UTF8.GetBytes(key)),
            SHA256.HashData(Encoding.UTF8.GetBytes(presented))
        );
    }

    private static FileContent<string> Parse(ReadOnlyMemory<byte> content) =>
        LeonardoKey.Parse(content) is [var key]
            ? FileContent<string>.Good(key)
            : FileContent<string>.Bad("must hold the key and nothing else");
}
