using System.Net;
using Gateway.Edge;

namespace Gateway.Tenants.Identification.Jwt;

/// <summary>The issuer whose JWTs are accepted.</summary>
/// <param name="Authority">Base of the discovery document: https, or http on this machine.</param>
/// <param name="Audiences">Of which <c>aud</c> must contain one.</param>
internal sealed record OidcOptions(Uri Authority, IReadOnlyList<string> Audiences)
{
    public static OidcOptions? Read(Settings settings)
    {
        const string AuthorityName = "Identification:Oidc:Authority";
        const string AudienceName = "Identification:Oidc:Audience";
        var (authority, audiences) = (settings.GetString(AuthorityName), settings.List(AudienceName));
        if (authority is null && audiences.Count == 0)
            return null;
        // A gateway where people only sign in accepts no JWT in a header.
        if (audiences.All(string.IsNullOrWhiteSpace) && settings.GetString("SignIn:ClientId") is null)
            settings.AddError(
                AudienceName,
                "is required with Authority: without it, a token issued for any other service would be accepted"
            );
        if (
            Uri.TryCreate(authority, UriKind.Absolute, out var uri)
            && (uri.Scheme is "https" || (uri.Scheme is "http" && IsThisMachine(uri)))
            && uri is { UserInfo: "", Query: "", Fragment: "" }
        )
            return new OidcOptions(uri, audiences);
        settings.AddError(AuthorityName, "must be the issuer's https address, without user, query or fragment (http only on this machine)");
        return null;
    }

    private static bool IsThisMachine(Uri uri) =>
        uri.Host is "localhost" || (IPAddress.TryParse(uri.Host, out var address) && IPAddress.IsLoopback(address));
}
