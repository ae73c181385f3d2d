using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Gateway.Tests.Harness;
using YamlDotNet.RepresentationModel;

namespace Gateway.Tests.Deploy;

/// <summary>The release script, up to what it would publish.</summary>
public sealed partial class ReleaseTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_dry_run_makes_every_file_of_a_release_and_publishes_nothing()
    {
        var version = Version();

        var output = await RunAsync($"deploy/release.sh --dry-run v{version}");

        var package = _folder[$"out/Leonardo.Gateway.Client.{version}.nupkg"];
        var sbom = _folder[$"out/leonardo-gateway-{version}.cdx.json"];
        using (var zip = await ZipFile.OpenReadAsync(package, TestContext.Current.CancellationToken))
            zip.Entries.Select(entry => entry.FullName).ShouldContain("lib/net10.0/Leonardo.Gateway.Client.dll");
        var components = JsonNode.Parse(await File.ReadAllTextAsync(sbom, TestContext.Current.CancellationToken))!["components"]!.AsArray();
        foreach (var name in (string[])["Yarp.ReverseProxy", "Npgsql", "FluentValidation"])
            components.Select(component => component!["name"]!.GetValue<string>()).ShouldContain(name);
        var notes = await File.ReadAllTextAsync(_folder["out/notes.md"], TestContext.Current.CancellationToken);
        File.ReadAllText(Repository.Path("CHANGELOG.md")).ShouldContain(notes.Trim());
        notes.ShouldNotContain("## [");
        var sums = await File.ReadAllLinesAsync(_folder["out/SHA256SUMS"], TestContext.Current.CancellationToken);
        foreach (var file in (string[])[package, sbom])
            sums.ShouldContain(
                $"{Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken)))}  {Path.GetFileName(file)}"
            );
        Published()
            .Matches(output)
            .Select(line => line.Value)
            .ShouldBe(["would run: docker build", "would run: docker push", "would run: dotnet nuget", "would run: gh release"]);
        // IMAGE has the letters of the repository's owner, which no registry takes.
        output.ShouldContain($"would run: docker push registry.example.internal/gateway:{version}\n");
        // A second run of a release that failed halfway goes on.
        output.ShouldContain($"{package} --source https://packages.example.internal --skip-duplicate --api-key KEY\n");
        output.ShouldNotContain("the-key");
    }

    [Theory]
    [InlineData("deploy/release.sh --dry-run v99.0.0", "the tag says 99.0.0")]
    [InlineData("deploy/release.sh 1.0", "usage: ")]
    public async Task A_tag_that_is_not_the_version_of_the_source_is_refused(string command, string reason)
    {
        // Not only in RunAsync: the assertion would turn the skip into a failure.
        Tools.Need("git");
        (await Should.ThrowAsync<InvalidOperationException>(() => RunAsync(command))).Message.ShouldContain(reason);
        Directory.Exists(_folder["out"]).ShouldBeFalse();
    }

    [Fact]
    public void The_workflow_releases_a_tag_with_the_script_and_can_write_only_there()
    {
        var workflow = DeployFilesTests.Documents(".github/workflows/release.yml")[0];

        DeployFilesTests.Text(workflow, "on.push.tags.0").ShouldBe("v*");
        DeployFilesTests.Text(workflow, "permissions.contents").ShouldBe("read");
        DeployFilesTests.Text(workflow, "jobs.release.needs").ShouldBe("test");
        Commands(workflow, "release").ShouldContain("deploy/release.sh \"$GITHUB_REF_NAME\"");
        Commands(workflow, "dry-run")
            .ShouldContain(command => command.StartsWith("deploy/release.sh --dry-run ", StringComparison.Ordinal));
        DeployFilesTests.Text(workflow, "jobs.dry-run.permissions.contents").ShouldBeNull();
    }

    private static List<string> Commands(YamlNode workflow, string job) =>
        [.. Enumerable.Range(0, 20).Select(i => DeployFilesTests.Text(workflow, $"jobs.{job}.steps.{i}.run")).OfType<string>()];

    private static string Version() =>
        DeclaredVersion().Match(File.ReadAllText(Repository.Path("Directory.Build.props"))).Groups["version"].Value;

    private Task<string> RunAsync(string command)
    {
        Tools.Need("git");
        var configuration = AppContext.BaseDirectory.Contains("/Release/", StringComparison.Ordinal) ? "Release" : "Debug";
        return Shell.RunAsync(
            $"""
            export RELEASE_OUTPUT='{_folder["out"]}' RELEASE_PACK_OPTIONS='--no-build -c {configuration}'
            export IMAGE=registry.example.internal/Gateway NUGET_SOURCE=https://packages.example.internal NUGET_API_KEY=the-key
            {command}
            """,
            Repository.Path("."),
            seconds: 120
        );
    }

    [GeneratedRegex("<GatewayVersion>(?<version>[^<]+)<", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex DeclaredVersion();

    [GeneratedRegex(@"would run: \w+ \w+", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Published();
}
