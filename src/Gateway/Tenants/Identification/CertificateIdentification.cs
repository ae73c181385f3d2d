using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace Gateway.Tenants.Identification;

/// <summary>
/// A client certificate, from the TLS handshake or in a trusted proxy's header. It counts by its thumbprint in the tenants file and its dates:
/// who issued it is of no account, so that one from a private authority, or self-signed, needs no trust store.
/// </summary>
internal sealed class CertificateIdentification(TimeProvider clock, ILogger log)
{
    /// <summary>RFC 9440: the certificate in DER, as base64 between colons.</summary>
    private const string Standard = "Client-Cert";

    /// <summary>The convention of ASP.NET Core and of nginx: base64 of the DER, or the PEM percent-encoded.</summary>
    private const string Conventional = "X-Client-Cert";

    public IdentificationResult Identify(HttpContext context, Peer peer, TenantSnapshot tenancy)
    {
        var headers = context.Request.Headers;
        if (headers.ContainsKey(Standard) || headers.ContainsKey(Conventional))
            return IdentifyForwarded(StringValues.Concat(headers[Standard], headers[Conventional]), peer, tenancy);
        return context.Features.Get<ITlsConnectionFeature>()?.ClientCertificate is { } certificate
            ? Judge(certificate, tenancy)
            : IdentificationResult.NotPresented;
    }

    private IdentificationResult IdentifyForwarded(StringValues values, Peer peer, TenantSnapshot tenancy)
    {
        if (!peer.IsTrustedProxy)
        {
            log.LogWarning("untrusted client certificate header from {Peer}: refused", Peer.Display(peer.Address));
            return IdentificationResult.Unidentified(
                $"The request carries a client certificate in a header, but came from {Peer.Display(peer.Address)}, which is not a trusted proxy. An operator would add the proxy's address to Identification:TrustedProxies."
            );
        }
        if (values is not [{ Length: > 0 } text] || Parse(text) is not { } certificate)
            return IdentificationResult.Unidentified(
                $"The proxy must send the client certificate in one header, {Standard} or {Conventional}, and leave it out when there is none."
            );
        using (certificate)
            return Judge(certificate, tenancy);
    }

    private IdentificationResult Judge(X509Certificate2 certificate, TenantSnapshot tenancy)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        if (now < certificate.NotBefore.ToUniversalTime() || now > certificate.NotAfter.ToUniversalTime())
            return IdentificationResult.Unidentified("The client certificate has expired or is not valid yet.");
        return tenancy.Certificates.TryGetValue(Convert.ToHexStringLower(SHA256.HashData(certificate.RawDataMemory.Span)), out var caller)
            ? caller
            : IdentificationResult.Unidentified(
                "No tenant is known by the client certificate that was presented. An operator would add its SHA-256 thumbprint to identify.certificates in the tenants file."
            );
    }

    private static X509Certificate2? Parse(string text)
    {
        try
        {
            if (text.StartsWith("-----BEGIN", StringComparison.Ordinal))
                return X509Certificate2.CreateFromPem(Uri.UnescapeDataString(text));
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
}
