using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Tenants.Identification;

internal static class TestCertificates
{
    /// <summary>Self-signed, with its private key.</summary>
    public static X509Certificate2 Make(string subject, DateTimeOffset notBefore, DateTimeOffset notAfter)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(notBefore, notAfter);
        // Through PKCS #12: SslStream does not accept an in-memory key on every platform.
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
    }

    /// <summary>Of an unknown issuer, with an address from which its certificate could be fetched.</summary>
    public static X509Certificate2 MakePointing(string issuerAddress)
    {
        var now = GatewayApp.Start;
        using var issuerKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=a", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509AuthorityInformationAccessExtension([], [issuerAddress]));
        using var certificate = request
            .Create(
                new X500DistinguishedName("CN=issuer"),
                X509SignatureGenerator.CreateForECDsa(issuerKey),
                now.AddDays(-1),
                now.AddDays(1),
                [1, 2, 3]
            )
            .CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
    }
}
