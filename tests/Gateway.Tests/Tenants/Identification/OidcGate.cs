using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;

namespace Gateway.Tests.Tenants.Identification;

/// <summary>
/// A gateway that trusts a real issuer. The caller's address is in tenant net's network, to which a bad token must
/// never fall back.
/// </summary>
public sealed class OidcGate : IAsyncLifetime
{
    private const string Tenants = """
        {
          "tenants": [
            { "id": "a", "identify": { "jwt": [ { "claim": "groups", "value": "img-a" }, { "claim": "https://claims.example/team", "value": "a" } ] } },
            { "id": "b", "identify": { "jwt": [ { "claim": "groups", "value": "img-b" } ] } },
            {
              "id": "c",
              "identify": {
                "jwt": [
                  { "claim": "realm_access.roles", "value": "img-c" },
                  { "claim": "https://claims.example/org.team.name", "value": "c" },
                  { "claim": "scp", "value": "images.make" },
                  { "claim": "cost_centre", "value": "4711" }
                ]
              }
            },
            { "id": "net", "identify": { "networks": ["127.0.0.0/8"] } }
          ]
        }
        """;

    public OidcGate() => Issuer = new OidcIssuer(() => Gateway.Time.GetUtcNow());

    internal OidcIssuer Issuer { get; }

    internal GatewayApp Gateway { get; private set; } = null!;

    internal static async Task<OidcGate> StartAsync()
    {
        var gate = new OidcGate();
        await gate.InitializeAsync();
        return gate;
    }

    public async ValueTask InitializeAsync()
    {
        await Issuer.StartAsync();
        Gateway = await GatewayApp.StartAsync(
            Tenants,
            settings:
            [
                ("Identification:Oidc:Authority", Issuer.Address.AbsoluteUri),
                ("Identification:Oidc:Audience:0", "another-service"),
                ("Identification:Oidc:Audience:1", OidcIssuer.Audience),
            ]
        );
    }

    public async ValueTask DisposeAsync()
    {
        await Gateway.DisposeAsync();
        await Issuer.DisposeAsync();
    }

    internal Task<HttpResponseMessage> AskAsync(string token) => Gateway.AskAsync("127.0.0.1", "Authorization: Bearer " + token);

    internal Task<string> OutcomeAsync(string token) => Gateway.OutcomeAsync("127.0.0.1", "Authorization: Bearer " + token);
}
