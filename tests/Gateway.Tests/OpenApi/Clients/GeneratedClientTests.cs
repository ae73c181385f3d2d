using Gateway.Tests.Harness;

namespace Gateway.Tests.OpenApi.Clients;

/// <summary>
/// Clients that are generated from the served document compile without a warning, and can do what a team does:
/// generate, wait, fetch the image, upload, refer to the upload, read typed refusals, and list and delete.
/// </summary>
public sealed class GeneratedClientTests(GatewayForClients gateway) : IClassFixture<GatewayForClients>
{
    [Fact]
    public Task A_client_of_openapi_typescript_and_openapi_fetch() =>
        NodeScript.RunAsync("generators", "typescript.mjs", gateway.Address.GetLeftPart(UriPartial.Authority));
}
