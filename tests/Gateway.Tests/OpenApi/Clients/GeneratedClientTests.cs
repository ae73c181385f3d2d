using Gateway.Tests.Docs;
using Gateway.Tests.Generations.Clients;
using Gateway.Tests.Harness;
using NJsonSchema.CodeGeneration.CSharp;
using NSwag;
using NSwag.CodeGeneration.CSharp;
using NSwag.CodeGeneration.OperationNameGenerators;

namespace Gateway.Tests.OpenApi.Clients;

/// <summary>
/// Clients that are generated from the served document compile without a warning, and can do what a team does:
/// generate, wait, fetch the image, upload, refer to the upload, read typed refusals, and list and delete.
/// </summary>
public sealed class GeneratedClientTests(GatewayForClients gateway) : IClassFixture<GatewayForClients>
{
    [Fact]
    public async Task A_client_of_openapi_typescript_and_openapi_fetch()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["documented.ts"], Documents.Command("typescript"), TestContext.Current.CancellationToken);
        await NodeScript.RunAsync(
            "generators",
            "typescript.mjs",
            gateway.Address.GetLeftPart(UriPartial.Authority),
            folder["documented.ts"]
        );
    }

    [Fact]
    public async Task A_client_of_NSwag_with_System_Text_Json()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var document = await OpenApiDocument.FromJsonAsync(await gateway.ReadAsync("/swagger/v1/swagger.json"), cancellationToken);
        var settings = new CSharpClientGeneratorSettings
        {
            ClassName = "GatewayClient",
            OperationNameGenerator = new SingleClientFromOperationIdOperationNameGenerator(),
            GenerateOptionalParameters = true,
            UseBaseUrl = false,
            CSharpGeneratorSettings =
            {
                Namespace = "Generated",
                JsonLibrary = CSharpJsonLibrary.SystemTextJson,
                GenerateNullableReferenceTypes = true,
            },
        };
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["Client.cs"], new CSharpClientGenerator(document, settings).GenerateFile(), cancellationToken);

        await GeneratedCode.RunAsync("NSwagClient", [folder["Client.cs"], DriveOf("nswag")], gateway.Address);
    }

    [Fact]
    public async Task A_client_of_Kiota()
    {
        if (!(await Shell.RunAsync("dotnet kiota --version || true", Repository.Path("."))).StartsWith("1.", StringComparison.Ordinal))
            Tools.ReportMissing("Run dotnet tool restore.");
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["v1.json"], await gateway.ReadAsync("/openapi/v1.json"), TestContext.Current.CancellationToken);
        await Shell.RunAsync(
            "KIOTA_OFFLINE_ENABLED=true KIOTA_TUTORIAL_ENABLED=false dotnet kiota generate --language CSharp --class-name GatewayClient "
                + $"--namespace-name Generated --exclude-backward-compatible --openapi '{folder["v1.json"]}' --output '{folder["client"]}'",
            Repository.Path("."),
            seconds: 120
        );

        await GeneratedCode.RunAsync(
            "KiotaClient",
            [.. Directory.GetFiles(folder["client"], "*.cs", SearchOption.AllDirectories), DriveOf("kiota")],
            gateway.Address,
            Path.GetDirectoryName(RealClient.Program)
        );
    }

    private static string DriveOf(string generator) => Repository.Path("tests", "generators", generator, "Drive.cs");
}
