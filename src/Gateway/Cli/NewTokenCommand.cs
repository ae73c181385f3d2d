using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Gateway.Edge;

namespace Gateway.Cli;

/// <summary><c>gateway new-token</c>: makes a gateway token. It is shown once and kept nowhere.</summary>
internal static class NewTokenCommand
{
    /// <summary>Secret scanners find a leaked token by it.</summary>
    public const string Prefix = "lgw_";

    public static Task<int> RunAsync(string[] args) =>
        args is [] ? Task.FromResult(Run(Console.Out)) : CommandLine.RefuseAsync("new-token takes no arguments.", "new-token");

    /// <returns>The exit code.</returns>
    public static int Run(TextWriter output)
    {
        var token = Prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        output.WriteLine("Token, for the caller (shown this once; send it as authorization: Bearer …):");
        output.WriteLine("  " + token);
        output.WriteLine("Digest, for identify.tokens in the tenants file:");
        output.WriteLine("  " + DigestOf(token));
        return ExitCode.Good;
    }

    public static string DigestOf(string token) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
}
