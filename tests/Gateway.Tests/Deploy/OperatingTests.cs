using System.Text.RegularExpressions;
using Gateway.Tests.Docs;
using Gateway.Tests.Harness;
using Gateway.Tests.Tenants;

namespace Gateway.Tests.Deploy;

/// <summary>The documented settings against the code, and the backup scripts against the store.</summary>
public sealed partial class OperatingTests
{
    [Fact]
    public void The_table_of_settings_has_every_setting_that_the_code_reads_and_no_other()
    {
        var read = Repository
            .Sources("src/Gateway")
            .SelectMany(file => SettingInCode().Matches(File.ReadAllText(file)).Select(match => match.Groups["name"].Value))
            .Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal);
        var documented = Documents
            .Rows("docs/settings.md")
            .SelectMany(row => SettingInText().Matches(row[0]).Select(match => match.Groups["name"].Value))
            .Order(StringComparer.Ordinal);

        documented.ShouldBe(read);
    }

    [Fact]
    public async Task A_backup_of_the_file_store_is_restored_with_everything_in_it()
    {
        Tools.Need("sqlite3");
        using var temporary = new TemporaryFolder();
        var folder = temporary.Path;
        await File.WriteAllTextAsync(
            Path.Combine(folder, "tenants.json"),
            """{ "tenants": [ { "id": "team", "identify": { "networks": ["127.0.0.0/8"] } } ] }""",
            TestContext.Current.CancellationToken
        );
        var (store, backup) = (Path.Combine(folder, "data", "gateway.db"), Path.Combine(folder, "backup"));
        await using (var gateway = await GatewayProcess.StartAsync(folder, ("Leonardo__Simulator", "true")))
        {
            using var content = new StringContent(GatewayApp.Guide, null, "application/json");
            (await gateway.Client.PostAsync("/v2/generations", content, TestContext.Current.CancellationToken)).EnsureSuccessStatusCode();
            var (inUse, output) = await DeployFilesTests.RunAsync(Repository.Path("deploy/backup.sh"), "sqlite", store, backup);
            inUse.ShouldNotBe(0, "the gateway holds its file");
            output.ShouldContain("stop the gateway");
            await gateway.StopAsync();
        }
        var saved = await DeployFilesTests.RunAsync(Repository.Path("deploy/backup.sh"), "sqlite", store, backup);
        saved.Exit.ShouldBe(0, saved.Output);
        (await DeployFilesTests.RunAsync(Repository.Path("deploy/restore.sh"), "sqlite", backup, store)).Exit.ShouldNotBe(
            0,
            "it overwrites nothing"
        );
        Directory.Delete(Path.Combine(folder, "data"), recursive: true);
        Directory.CreateDirectory(Path.Combine(folder, "data"));
        var restored = await DeployFilesTests.RunAsync(Repository.Path("deploy/restore.sh"), "sqlite", backup, store);
        restored.Exit.ShouldBe(0, restored.Output);

        await using var again = await GatewayProcess.StartAsync(folder, ("Leonardo__Simulator", "true"));
        var usage = await (await again.Client.GetAsync("/v1/usage", TestContext.Current.CancellationToken)).JsonAsync();
        usage["totals"]!["today"]!["generations"]!.GetValue<int>().ShouldBe(1);
    }

    [GeneratedRegex(
        "\"(?<name>(?:Leonardo|Storage|Tenants|Identification|Admin|OpenAi|OpenApi|Management|Alerts|Images|Results|Quotas|Reconciler|Logging|Limits|Outgoing|Cors|Jobs|SignIn):[A-Za-z:]+|LEONARDO_API_KEY)\"",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex SettingInCode();

    [GeneratedRegex(
        "`(?<name>[A-Z][A-Za-z]+:[A-Za-z:]+|LEONARDO_API_KEY)`",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex SettingInText();
}
