using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gateway.Edge;
using Gateway.Edge.Addresses;
using Gateway.Edge.Http;
using Gateway.Edge.Logging;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Primitives;

namespace Gateway.Tenants.Identification;

/// <summary>
/// A client certificate, from the TLS handshake or in a trusted proxy's header. Only its thumbprint and its dates
/// count, not its issuer, so that certificates of a private authority, or self-signed ones, need no trust store.
/// </summary>
internal sealed partial class CertificateIdentification : IdentificationMethod<string>
{
    public override string Name => "certificate";

    public override string Member => "certificates";

    public override Evidence Evidence => Evidence.Credential;

    /// <summary>The browser presents it for every page (T-K16).</summary>
    public override bool IsAmbient => true;

    public override void AddServices(IServiceCollection services, Settings settings) =>
        services.AddOptions<KestrelServerOptions>().Configure<TenantDirectory>(AcceptClientCertificates);

    /// <summary>A claim is the SHA-256 of the certificate in DER.</summary>
    public override void ReadClaims(JsonValidator member, Tenant tenant, ClaimTable<string> claims)
    {
        foreach (var item in member.Items() ?? [])
        {
            if (Sha256Digest.Read(item, "openssl x509 -outform der | sha256sum prints it") is { } thumbprint)
                claims.Add(thumbprint, tenant, item);
        }
    }

    public override ValueTask<IdentificationResult> IdentifyAsync(IdentificationRequest request) => new(Identify(request));

    private IdentificationResult Identify(IdentificationRequest request)
    {
        if (request.Options.CertificateHeader is { } header)
        {
            if (request.Headers.TryGetValue(header, out var values))
                return IdentifyForwarded(header, values, request);
            // The certificate of the connection is then the proxy's own.
            if (request.Peer.IsTrustedProxy)
                return IdentificationResult.NotPresented;
        }
        return request.Context.Features.Get<ITlsConnectionFeature>()?.ClientCertificate is { } certificate
            ? FindTenant(certificate, request)
            : IdentificationResult.NotPresented;
    }

    private IdentificationResult IdentifyForwarded(string header, StringValues values, IdentificationRequest request)
    {
        if (!request.Peer.IsTrustedProxy)
        {
            var peer = Peer.Display(request.Peer.Address);
            if (request.GetService<RefusalLog>().Admits(request.Context, "untrusted client certificate header"))
                Log.UntrustedCertificate(request.GetService<ILogger<CertificateIdentification>>(), peer);
            return IdentificationResult.Unidentified(
                $"The request carries {header}, but came from {peer}, which is not a trusted proxy. Leave the header out, or ask the operator to add the proxy's address to Identification:TrustedProxies."
            );
        }
        if (values is not [{ Length: > 0 } text] || Parse(text) is not { } certificate)
            return IdentificationResult.Unidentified(
                $"The client certificate that the proxy forwards cannot be read. The proxy must send it once in {header} (as RFC 9440 says, as base64 of the DER, or as percent-encoded PEM), and leave it out if there is none."
            );
        using (certificate)
            return FindTenant(certificate, request);
    }

    private IdentificationResult FindTenant(X509Certificate2 certificate, IdentificationRequest request)
    {
        var now = request.GetService<TimeProvider>().GetUtcNow().UtcDateTime;
        if (now < certificate.NotBefore.ToUniversalTime() || now > certificate.NotAfter.ToUniversalTime())
            return IdentificationResult.Unidentified("The client certificate has expired or is not valid yet. Present a current one.");
        return Find(request.Snapshot, Convert.ToHexStringLower(SHA256.HashData(certificate.RawDataMemory.Span)))
            ?? IdentificationResult.Unidentified(
                "No tenant is known by the client certificate that was presented. Ask the operator to add its SHA-256 thumbprint to identify.certificates in the tenants file."
            );
    }

    /// <summary>
    /// RFC 9440 (<c>Client-Cert</c>): base64 of the DER between colons. Elsewhere: the same without colons
    /// (<c>X-ARR-ClientCert</c>), or the PEM percent-encoded (<c>X-SSL-Client-Cert</c>).
    /// </summary>
    private static X509Certificate2? Parse(string text)
    {
        // A proxy that appends to what the caller sent: the first would be the caller's choice.
        if (text.Contains(',', StringComparison.Ordinal))
            return null;
        try
        {
            if (text.Contains('%', StringComparison.Ordinal))
                text = Uri.UnescapeDataString(text);
            if (text.StartsWith("-----BEGIN", StringComparison.Ordinal))
                return X509Certificate2.CreateFromPem(text);
            var base64 = text is [':', .., ':'] ? text.AsSpan(1, text.Length - 2) : text;
            var der = new byte[base64.Length];
            return Convert.TryFromBase64Chars(base64, der, out var length)
                ? X509CertificateLoader.LoadCertificate(der.AsSpan(0, length))
                : null;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    /// <summary>
    /// The handshake requests a certificate only while a tenant has one, because browsers then ask their user to
    /// choose. It accepts any: identification judges it, and can say in a 401 what is wrong.
    /// </summary>
    private void AcceptClientCertificates(KestrelServerOptions kestrel, TenantDirectory directory) =>
        kestrel.ConfigureHttpsDefaults(https =>
        {
            https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
            https.AllowAnyClientCertificate();
            https.OnAuthenticate = (_, tls) =>
            {
                if (https.ClientCertificateMode == ClientCertificateMode.AllowCertificate)
                    tls.ClientCertificateRequired = ((FrozenDictionary<string, Caller>)directory.Current.IndexOf(GetType())).Count > 0;
                // A caller's certificate must not make the gateway fetch what it points to.
                tls.CertificateChainPolicy = new X509ChainPolicy
                {
                    DisableCertificateDownloads = true,
                    RevocationMode = X509RevocationMode.NoCheck,
                };
            };
        });

    private static partial class Log
    {
        [LoggerMessage(
            Level = LogLevel.Warning,
            Message = "untrusted client certificate header from {Peer}: the request was refused with 401. Add the address to Identification:TrustedProxies if it is your proxy"
        )]
        public static partial void UntrustedCertificate(ILogger logger, string peer);
    }
}
