using Gateway.Edge.Addresses;
using Gateway.Edge.Http;
using Gateway.Edge.Logging;
using Gateway.Tenants.Identification.Jwt;

namespace Gateway.Tenants.Identification;

/// <summary>The tenant header, set by a trusted proxy that has identified the caller itself.</summary>
internal sealed partial class HeaderIdentification : IdentificationMethod<string>
{
    public override string Name => "header";

    public override string Member => "header";

    public override Evidence Evidence => Evidence.ProxyStatement;

    public override void ReadClaims(JsonValidator member, Tenant tenant, ClaimTable<string> claims)
    {
        if (member.GetBoolean() is true)
            claims.Add(tenant.Id, tenant, member);
    }

    public override ValueTask<IdentificationResult> IdentifyAsync(IdentificationRequest request) => new(Identify(request));

    private IdentificationResult Identify(IdentificationRequest request)
    {
        var header = request.Options.Header;
        foreach (var lookAlike in request.Options.HeaderLookAlikes)
        {
            if (request.Headers.ContainsKey(lookAlike))
            {
                LogUntrusted(request);
                return IdentificationResult.Unidentified(
                    $"The request carries a header like {header}, but spelled with underscores. Some proxies pass that on unchecked, so the request is refused. Leave the header out."
                );
            }
        }
        // With a JWT the header only chooses among its tenants, and any peer may send it; JwtIdentification reads it.
        if (!request.Headers.TryGetValue(header, out var values) || JwtIdentification.FindJwt(request) is not null)
            return IdentificationResult.NotPresented;
        if (!request.Peer.IsTrustedProxy)
        {
            LogUntrusted(request);
            return IdentificationResult.Unidentified(
                $"The request carries {header}, but came from {Peer.Display(request.Peer.Address)}, which is not a trusted proxy. Leave the header out, or ask the operator to add the proxy's address to Identification:TrustedProxies."
            );
        }
        if (values is not [{ Length: > 0 } id] || id.Contains(',', StringComparison.Ordinal))
            return IdentificationResult.Unidentified(
                $"The header {header} is empty, or names more than one tenant. The proxy must send it once, with one tenant id."
            );
        return Find(request.Snapshot, id)
            ?? IdentificationResult.Unidentified(
                $"The header {header} names no tenant that may be identified by it. Ask the operator to check the name, or to set \"header\": true under identify in the tenants file."
            );
    }

    private static void LogUntrusted(IdentificationRequest request)
    {
        if (request.GetService<RefusalLog>().Admits(request.Context, "untrusted tenant header"))
            Log.UntrustedHeader(request.GetService<ILogger<HeaderIdentification>>(), Peer.Display(request.Peer.Address));
    }

    private static partial class Log
    {
        [LoggerMessage(
            Level = LogLevel.Warning,
            Message = "untrusted tenant header from {Peer}: the request was refused with 401. Add the address to Identification:TrustedProxies if it is your proxy"
        )]
        public static partial void UntrustedHeader(ILogger logger, string peer);
    }
}
