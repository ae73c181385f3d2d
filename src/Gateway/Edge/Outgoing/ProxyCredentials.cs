using System.Net;
using System.Text;
using Gateway.Edge.Http;

namespace Gateway.Edge.Outgoing;

/// <summary>User and password for the proxy, read again when their file changes. Sent only to the proxy.</summary>
internal sealed class ProxyCredentials(string file, TimeProvider time) : ICredentials
{
    private readonly ReloadingFile<NetworkCredential> _file = new(file, Read, time);

    /// <returns>Null: the file is not readable, or holds anything else.</returns>
    public static NetworkCredential? ReadFile(string path)
    {
        try
        {
            return Parse(File.ReadAllBytes(path));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    public NetworkCredential? GetCredential(Uri uri, string authType) => _file.GetCurrent();

    private static FileContent<NetworkCredential> Read(ReadOnlyMemory<byte> content) =>
        Parse(content) is { } credential
            ? FileContent<NetworkCredential>.Good(credential)
            : FileContent<NetworkCredential>.Bad("must hold user:password on one line");

    private static NetworkCredential? Parse(ReadOnlyMemory<byte> content)
    {
        var line = Encoding.UTF8.GetString(content.Span).TrimStart('\uFEFF').TrimEnd('\r', '\n');
        var colon = line.IndexOf(':', StringComparison.Ordinal);
        return colon > 0 && !line.Any(char.IsControl) ? new NetworkCredential(line[..colon], line[(colon + 1)..]) : null;
    }
}
