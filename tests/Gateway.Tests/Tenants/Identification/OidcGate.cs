using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Tenants.Identification;

/// <summary>
/// A host that trusts a real issuer. The caller's address is in tenant net's network, to which a bad token must never
/// fall back.
/// </summary>
public sealed class OidcGate : IAsyncLifetime
{
    private const string Tenants = """
        {
          "tenants": [
            { "id": "a", "identify": { "jwt": [ { "claim": "groups", "value": "img-a" }, { "claim": "https://claims.example/team", "value": "a" } ] } },
            { "id": "b", "identify": { "jwt": [ { "claim": "groups", "value": "img-b" } ] } },
            { "id": "net", "identify": { "networks": ["127.0.0.0/8"] } }
          ]
        }
        """;

    public OidcGate() => Issuer = new OidcIssuer(Clock);

    internal FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.Zero));

    internal OidcIssuer Issuer { get; }

    internal TenantsHost Host { get; private set; } = null!;

    internal static async Task<OidcGate> Start()
    {
        var gate = new OidcGate();
        await gate.InitializeAsync();
        return gate;
    }

    public async ValueTask InitializeAsync()
    {
        await Issuer.Start();
        Host = await TenantsHost.Start(
            Tenants,
            new()
            {
                ["Identification:Oidc:Authority"] = Issuer.Address.AbsoluteUri,
                ["Identification:Oidc:Audience"] = OidcIssuer.Audience,
            },
            Clock
        );
    }

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        await Issuer.DisposeAsync();
    }

    internal Task<Reply> Ask(string token) => Host.AskRaw("127.0.0.1", "Authorization: Bearer " + token);
}
