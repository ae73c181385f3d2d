using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gateway.Edge.Outgoing;

/// <summary>The settings under <c>Outgoing</c>: how every connection that the gateway makes itself is made.</summary>
/// <param name="Proxy">Null: connections are direct. The environment's proxies are never used (T-C9).</param>
/// <param name="Bypass">What is connected to directly all the same.</param>
/// <param name="CredentialsFile">Holds <c>user:password</c> for the proxy; null: none.</param>
/// <param name="Authorities">Trusted besides those of the system.</param>
internal sealed record OutgoingOptions(Uri? Proxy, ProxyBypass Bypass, string? CredentialsFile, IReadOnlyList<X509Certificate2> Authorities)
{
    public static OutgoingOptions Read(Settings settings) =>
        new(
            ReadProxy(settings),
            ProxyBypass.Read(settings, "Outgoing:ProxyBypass"),
            ReadCredentialsFile(settings),
            ReadAuthorities(settings)
        );

    private static Uri? ReadProxy(Settings settings)
    {
        const string Name = "Outgoing:Proxy";
        if (settings.GetString(Name) is not { } text)
            return null;
        // The address itself is not repeated in the error: it may hold a password.
        if (!Uri.TryCreate(text, UriKind.Absolute, out var proxy) || proxy.Scheme is not ("http" or "https") || proxy.Host.Length == 0)
            settings.AddError(Name, "must be the address of an HTTP proxy, such as http://proxy.example.internal:3128");
        else if (proxy.UserInfo.Length > 0)
            settings.AddError(
                Name,
                "must not hold a user or a password: put them, as user:password, into the file of Outgoing:ProxyCredentialsFile"
            );
        else if (proxy is not { AbsolutePath: "/", Query: "", Fragment: "" })
            settings.AddError(Name, "must be an address without path, query or fragment");
        else
            return proxy;
        return null;
    }

    private static string? ReadCredentialsFile(Settings settings)
    {
        const string Name = "Outgoing:ProxyCredentialsFile";
        if (settings.GetString(Name) is not { } file)
            return null;
        if (ProxyCredentials.ReadFile(file) is null)
            settings.AddError(Name, "must name a readable file that holds user:password on one line, and nothing else");
        return file;
    }

    private static IReadOnlyList<X509Certificate2> ReadAuthorities(Settings settings)
    {
        const string Name = "Outgoing:CaFile";
        if (settings.GetString(Name) is not { } file)
            return [];
        try
        {
            var certificates = new X509Certificate2Collection();
            certificates.ImportFromPemFile(file);
            if (certificates.Count > 0)
                return [.. certificates];
            settings.AddError(Name, "must hold certificates in PEM: -----BEGIN CERTIFICATE-----");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            settings.AddError(Name, File.Exists(file) ? "names a file that cannot be read" : "names a file that does not exist");
        }
        catch (CryptographicException)
        {
            settings.AddError(Name, "holds a certificate that is not valid PEM");
        }
        return [];
    }
}
