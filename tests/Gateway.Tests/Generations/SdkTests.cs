using Gateway.Tests.Harness;

namespace Gateway.Tests.Generations;

/// <summary>Code written for Leonardo works by changing the host.</summary>
public sealed class SdkTests
{
    [Fact]
    public async Task The_official_SDK_uploads_refers_waits_downloads_and_deletes_with_only_its_server_changed()
    {
        using var temporary = new TemporaryFolder();
        var folder = temporary.Path;
        await using var gateway = await GatewayProcess.StartAsync(folder, ("ASPNETCORE_ENVIRONMENT", "Development"));
        var address = gateway.Address.AbsoluteUri.TrimEnd('/');
        await NodeScript.RunAsync("sdk", "sdk.mjs", address);
        // Every other call is refused, and docs/clients.md says what to use for it.
        await NodeScript.RunAsync("sdk", "calls.mjs", address);
    }
}
