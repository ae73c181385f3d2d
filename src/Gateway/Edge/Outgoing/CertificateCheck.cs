using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gateway.Edge.Outgoing;

/// <summary>
/// Accepts a server whose certificate is valid for its name by the system's authorities, or by those of
/// <c>Outgoing:CaFile</c>. There is no way to turn it off (T-C10).
/// </summary>
internal sealed class CertificateCheck(IReadOnlyList<X509Certificate2> authorities)
{
    /// <summary>Server authentication (RFC 5280, 4.2.1.12).</summary>
    private static readonly Oid ServerAuthentication = new("1.3.6.1.5.5.7.3.1");

    public SslClientAuthenticationOptions CreateOptions() =>
        new()
        {
            RemoteCertificateValidationCallback = Check,
            // A certificate must not make the gateway fetch what it points to, past the proxy.
            CertificateChainPolicy = new X509ChainPolicy
            {
                DisableCertificateDownloads = true,
                RevocationMode = X509RevocationMode.NoCheck,
            },
        };

    /// <exception cref="CertificateRefusedException">It is not accepted: nothing is sent to the server.</exception>
    private bool Check(object sender, X509Certificate? presented, X509Chain? chain, SslPolicyErrors errors)
    {
        if (errors == SslPolicyErrors.None)
            return true;
        if (presented is not X509Certificate2 certificate)
            return false;
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
            throw Refuse(certificate, "is for another name");
        if (authorities.Count > 0 && IsIssuedByOurs(certificate, chain))
            return true;
        throw Refuse(certificate, Faults(chain));
    }

    private bool IsIssuedByOurs(X509Certificate2 certificate, X509Chain? presented)
    {
        X509Certificate2[] ours = [.. authorities];
        using var chain = new X509Chain();
        var policy = chain.ChainPolicy;
        policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        policy.CustomTrustStore.AddRange(ours);
        // The file may hold intermediate authorities too.
        policy.ExtraStore.AddRange(ours);
        // What the server sent with its certificate.
        if (presented is not null)
            policy.ExtraStore.AddRange(presented.ChainPolicy.ExtraStore);
        policy.ApplicationPolicy.Add(ServerAuthentication);
        policy.DisableCertificateDownloads = true;
        policy.RevocationMode = X509RevocationMode.NoCheck;
        return chain.Build(certificate);
    }

    private static CertificateRefusedException Refuse(X509Certificate2 certificate, string why) =>
        new($"certificate \"{certificate.Subject}\" issued by \"{certificate.Issuer}\" {why}");

    private static string Faults(X509Chain? chain)
    {
        var statuses = (chain?.ChainStatus ?? []).Select(status => status.Status).Distinct().ToArray();
        return statuses.Contains(X509ChainStatusFlags.NotTimeValid) ? "has expired or is not valid yet"
            : statuses.Any(status => status is X509ChainStatusFlags.UntrustedRoot or X509ChainStatusFlags.PartialChain)
                ? "is of an authority that is not trusted (Outgoing:CaFile adds one)"
            : $"is not valid ({string.Join(", ", statuses)})";
    }
}

/// <summary>Says which certificate was refused and why.</summary>
internal sealed class CertificateRefusedException(string message) : AuthenticationException(message);
