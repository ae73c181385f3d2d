using Gateway.Tests.Harness;

namespace Gateway.Tests.OpenApi;

/// <summary>Spectral and Redocly, with the rules in <c>openapi/</c>, find nothing in the served documents.</summary>
public sealed class LintTests(GatewayFixture fixture) : IClassFixture<GatewayFixture>
{
    [Fact]
    public async Task The_documents_have_no_error_and_no_warning()
    {
        NodeScript.Need("generators");
        using var folder = new TemporaryFolder();
        foreach (var path in ServedDocuments.Paths)
            await File.WriteAllBytesAsync(
                folder[Path.GetFileName(path)],
                await (await fixture.Gateway.GetAsync(path)).Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken),
                TestContext.Current.CancellationToken
            );

        await NodeScript.RunAsync("generators", "lint.mjs", [.. ServedDocuments.Paths.Select(path => folder[Path.GetFileName(path)])]);
    }
}
