using Gateway.Tests.Harness;
using NJsonSchema;
using NJsonSchema.CodeGeneration;
using NJsonSchema.CodeGeneration.CSharp;
using NSwag;
using NSwag.CodeGeneration.CSharp;

namespace Gateway.Tests.OpenApi.Clients;

/// <summary>The types of the package are generated from the served document, and committed.</summary>
public sealed class ClientContractsTests(GatewayFixture fixture) : IClassFixture<GatewayFixture>
{
    [Fact]
    public async Task The_types_of_the_client_are_those_of_the_served_document()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var file = Repository.Path("src", "Leonardo.Gateway.Client", "Contracts.g.cs");
        var served = await fixture.Gateway.ReadDocumentAsync("/swagger/v1/swagger.json");
        var document = await OpenApiDocument.FromJsonAsync(served.ToJsonString(), cancellationToken);
        var generated = new CSharpClientGenerator(document, Settings()).GenerateFile().ReplaceLineEndings("\n");
        if (Environment.GetEnvironmentVariable(CommittedDocumentTests.Write) is not null)
            await File.WriteAllTextAsync(file, generated, cancellationToken);

        (await File.ReadAllTextAsync(file, cancellationToken) == generated).ShouldBeTrue(
            "The document has other types than Contracts.g.cs. Run tests/openapi.sh and commit the file."
        );
    }

    private static CSharpClientGeneratorSettings Settings() =>
        new()
        {
            GenerateClientClasses = false,
            GenerateExceptionClasses = false,
            GenerateResponseClasses = false,
            CSharpGeneratorSettings =
            {
                Namespace = "Leonardo.Gateway.Client",
                JsonLibrary = CSharpJsonLibrary.SystemTextJson,
                GenerateNullableReferenceTypes = true,
                GenerateOptionalPropertiesAsNullable = true,
                GenerateDataAnnotations = false,
                PropertyNameGenerator = new PascalCase(),
                ExcludedTypeNames = ["FileParameter", "FileResponse"],
            },
        };

    /// <summary><c>generated_images</c> is <c>GeneratedImages</c>.</summary>
    private sealed class PascalCase : IPropertyNameGenerator
    {
        public string Generate(JsonSchemaProperty property) =>
            string.Concat(
                property
                    .Name.Split('_', '-')
                    .Where(part => part.Length > 0)
                    .Select(part => string.Concat(part[..1].ToUpperInvariant(), part.AsSpan(1)))
            );
    }
}
