using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Gateway.Cli;

/// <summary><c>dotnet Gateway.dll new-token</c>: makes a gateway token. It is shown once and kept nowhere.</summary>
internal static class NewToken
{
    /// <summary>By which scanners find a token that leaked.</summary>
    public const string Prefix = "lgw_";

    /// <returns>The exit code.</returns>
    public static int Run(TextWriter output)
    {
        var token = Prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        output.WriteLine("Token, for the caller (shown this once; send it as authorization: Bearer …):");
        output.WriteLine("  " + token);
        output.WriteLine("Digest, for identify.tokens in the tenants file:");
        output.WriteLine("  " + DigestOf(token));
        return 0;
    }

    public static string DigestOf(string token) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
}
