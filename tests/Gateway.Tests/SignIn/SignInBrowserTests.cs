using Gateway.Tests.Harness;
using Gateway.Tests.Tenants.Identification;

namespace Gateway.Tests.SignIn;

/// <summary>The sign-in at the issuer in Chromium, whose rules for cookies decide whether it works.</summary>
public sealed class SignInBrowserTests
{
    [Fact]
    public async Task A_person_signs_in_at_the_issuer_stays_signed_in_and_signs_out()
    {
        using var folder = new TemporaryFolder();
        await using var issuer = new OidcIssuer(TimeProvider.System.GetUtcNow);
        await issuer.StartAsync();
        issuer.SignIn.Person = new()
        {
            ["groups"] = "img-a",
            ["roles"] = "gateway-operator",
            ["preferred_username"] = "olga",
        };
        await File.WriteAllTextAsync(folder["secret"], OidcSignInPages.Secret, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(
            folder["tenants.json"],
            """{ "tenants": [ { "id": "a", "name": "Team A", "identify": { "jwt": [ { "claim": "groups", "value": "img-a" } ] } } ] }""",
            TestContext.Current.CancellationToken
        );
        await using var gateway = await GatewayProcess.StartAsync(
            folder.Path,
            [
                ("Leonardo__Simulator", "true"),
                ("Tenants__File", folder["tenants.json"]),
                ("Identification__Oidc__Authority", issuer.Address.AbsoluteUri),
                ("SignIn__ClientId", OidcSignInPages.ClientId),
                ("SignIn__ClientSecretFile", folder["secret"]),
                ("SignIn__OperatorClaim", "roles"),
                ("SignIn__OperatorValue", "gateway-operator"),
            ]
        );

        await BrowserScript.RunAsync(
            "signin.mjs",
            gateway.Address.GetLeftPart(UriPartial.Authority),
            issuer.Address.GetLeftPart(UriPartial.Authority)
        );
    }
}
