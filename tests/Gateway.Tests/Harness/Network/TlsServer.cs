using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Gateway.Tests.Harness.Network;

/// <summary>Terminates TLS in front of a plain server of this machine.</summary>
internal sealed class TlsServer : Relay
{
    private readonly X509Certificate2 _certificate;
    private readonly int _behind;

    public TlsServer(X509Certificate2 certificate, int behind)
    {
        (_certificate, _behind) = (certificate, behind);
        Start();
    }

    protected override async Task ServeAsync(Stream caller, CancellationToken cancellationToken)
    {
        await using var tls = new SslStream(caller, leaveInnerStreamOpen: true);
        await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = _certificate }, cancellationToken);
        await PipeAsync(tls, _behind, cancellationToken);
    }
}
