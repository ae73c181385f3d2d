using Gateway.Tests.Harness;
using Gateway.Tests.Tenants;

namespace Gateway.Tests.OpenApi;

public sealed class SwaggerUiTests
{
    /// <summary>A process with a real clock: the example waits for the images.</summary>
    [Fact]
    public async Task Swagger_UI_works_without_internet_access_and_executes_the_example()
    {
        using var folder = new TemporaryFolder();
        var tenants = Path.Combine(folder.Path, "tenants.json");
        await File.WriteAllTextAsync(
            tenants,
            GatewayApp.Tenants("""{ "id": "team", "identify": { "networks": ["127.0.0.0/8"] } }"""),
            TestContext.Current.CancellationToken
        );
        await File.WriteAllTextAsync(
            folder["admin-tokens"],
            "a-token-of-forty-characters-for-operators",
            TestContext.Current.CancellationToken
        );
        await using var gateway = await GatewayProcess.StartAsync(
            folder.Path,
            ("Leonardo__Simulator", "true"),
            ("Tenants__File", tenants),
            ("Admin__TokenFile", folder["admin-tokens"])
        );

        await BrowserScript.RunAsync("swagger.mjs", gateway.Address.GetLeftPart(UriPartial.Authority));
    }
}
