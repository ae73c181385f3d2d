using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;
using Gateway.Tests.Tenants;

namespace Gateway.Tests.Docs;

/// <summary>The commands that documents mark with <c>test: NAME</c>, run as they stand but for the port.</summary>
public sealed class DocumentedCommandTests
{
    /// <summary>Not here: <c>csharp</c> and <c>typescript</c>, which are compiled with the generated types.</summary>
    [Fact]
    public void Every_marked_block_is_one_that_a_test_runs() =>
        Documents.CommandNames.ShouldBe([
            "csharp",
            "curl",
            "first-image",
            "node",
            "operator",
            "operator-backup",
            "operator-files",
            "operator-start",
            "powershell",
            "python3",
            "python3-requests",
            "reference-image",
            "typescript",
        ]);

    [Fact]
    public async Task The_first_image_and_one_with_a_reference_are_made()
    {
        using var folder = new TemporaryFolder();
        await using var gateway = await GatewayProcess.StartAsync(folder.Path, ("ASPNETCORE_ENVIRONMENT", "Development"));
        await RunAsync(Documents.Command("first-image"), gateway, folder.Path);
        var image = await File.ReadAllBytesAsync(Path.Combine(folder.Path, "cat.jpg"), TestContext.Current.CancellationToken);
        image.AsSpan(0, 3).ToArray().ShouldBe([0xFF, 0xD8, 0xFF]);

        await RunAsync(Documents.Command("reference-image"), gateway, folder.Path);
        var second = await File.ReadAllBytesAsync(Path.Combine(folder.Path, "no-hat.jpg"), TestContext.Current.CancellationToken);
        second.AsSpan(0, 3).ToArray().ShouldBe([0xFF, 0xD8, 0xFF]);
    }

    [Fact]
    public async Task Requests_with_curl_are_accepted()
    {
        using var folder = new TemporaryFolder();
        await using var gateway = await GatewayProcess.StartAsync(folder.Path, ("ASPNETCORE_ENVIRONMENT", "Development"));
        var blocks = Documents.Commands("curl");
        blocks.Count.ShouldBeGreaterThan(2);
        foreach (var block in blocks)
            (await RunAsync(block, gateway, folder.Path)).ShouldNotContain("/problems/");
    }

    [Fact]
    public async Task A_program_in_another_language_gets_its_image()
    {
        Tools.Need("node", "python3");
        using var folder = new TemporaryFolder();
        if ((await Shell.RunAsync("python3 -c 'import requests' 2>&1 || true", folder.Path)).Length > 0)
            Tools.ReportMissing("The Python package requests is not installed.");
        await using var gateway = await GatewayProcess.StartAsync(folder.Path, ("ASPNETCORE_ENVIRONMENT", "Development"));

        string[] programs = ["node", "python3", "python3-requests"];
        foreach (var output in await Task.WhenAll(programs.Select(one => RunAsync(Documents.Command(one), gateway, folder.Path))))
            output.ShouldStartWith("COMPLETE http://localhost:");
    }

    [Fact]
    public async Task A_script_in_PowerShell_gets_its_image()
    {
        using var folder = new TemporaryFolder();
        var version = await Shell.RunAsync("dotnet tool run pwsh -- -Version 2>&1 || true", Repository.Root);
        if (!version.StartsWith("PowerShell 7", StringComparison.Ordinal))
            Tools.ReportMissing("PowerShell is not restored: dotnet tool restore.");
        await using var gateway = await GatewayProcess.StartAsync(folder.Path, ("ASPNETCORE_ENVIRONMENT", "Development"));
        var script = $"$ErrorActionPreference = 'Stop'\nSet-Location '{folder.Path}'\n{Documents.Command("powershell")}\n$upload.id";
        await File.WriteAllTextAsync(folder["script.ps1"], Here(script, gateway), TestContext.Current.CancellationToken);

        var id = await RunAsync(
            $"cd '{Repository.Root}'; dotnet tool run pwsh -- -NoProfile -File '{folder["script.ps1"]}'",
            gateway,
            folder.Path
        );

        id.Trim().Length.ShouldBe(36);

        (await File.ReadAllBytesAsync(folder["cat.jpg"], TestContext.Current.CancellationToken))[..3].ShouldBe([0xFF, 0xD8, 0xFF]);
    }

    [Fact]
    public async Task An_operator_starts_operates_and_backs_up_with_the_documented_commands_alone()
    {
        Tools.Need("curl", "jq", "openssl", "pkill", "sqlite3");
        // A clone, as far as these commands can tell.
        using var folder = new TemporaryFolder();
        var clone = folder.Path;
        foreach (
            var part in Directory.GetFileSystemEntries(Repository.Path(".")).Where(part => Path.GetFileName(part) is not ("run" or "data"))
        )
            Directory.CreateSymbolicLink(Path.Combine(clone, Path.GetFileName(part)), part);
        var port = Ports.Free();
        var commands = string.Join('\n', Documents.Commands("operator"));
        commands.ShouldContain("/admin/audit");
        var script = $$"""
            export ASPNETCORE_HTTP_PORTS={{port}}
            {{Documents.Command("operator-files")}}
            ( {{Documents.Command("operator-start").Replace("dotnet run", "exec dotnet run", StringComparison.Ordinal)}} ) >log 2>&1 &
            pid=$!
            trap 'pkill -TERM -P $pid || true; wait $pid || true; cat log >&2' EXIT
            for _ in $(seq 300); do curl -fs localhost:8080/health/ready >/dev/null && break; sleep 0.1; done
            {{commands}}
            pkill -TERM -P $pid; wait $pid || true
            {{Documents.Command("operator-backup")}}
            """;

        var output = await Shell.RunAsync(AsBuilt(script).Replace("localhost:8080", $"localhost:{port}", StringComparison.Ordinal), clone);

        output.ShouldContain("\"generationId\"");
        output.ShouldContain("\"unbroken\": true");
        File.ReadAllText(Path.Combine(clone, "usage.csv")).ShouldContain("web-shop");
        new FileInfo(Path.Combine(clone, "run", "restored.db")).Length.ShouldBeGreaterThan(0);
    }

    [Fact]
    public void The_two_commands_on_a_clone_are_the_ones_that_CI_and_these_tests_run()
    {
        Documents.Read("README.md").ShouldContain("\ndotnet run --project src/Gateway\n");
        Documents.Read("README.md").ShouldContain("\ndotnet test\n");
        File.ReadAllText(Repository.Path(".ci", "run")).ShouldContain("\ndotnet test ");
    }

    [Fact]
    public async Task The_command_on_a_fresh_clone_starts_it()
    {
        Tools.Need("curl", "pkill");
        var port = Ports.Free();
        var script = $$"""
            export ASPNETCORE_HTTP_PORTS={{port}} Storage__ConnectionString="Data Source=$PWD/gateway.db"
            dotnet run --project "{{Repository.Path("src", "Gateway")}}" >log 2>&1 &
            pid=$!
            trap 'pkill -TERM -P $pid; wait $pid || true' EXIT
            for _ in $(seq 300); do curl -fs localhost:{{port}}/health/ready >/dev/null && break; sleep 0.1; done
            curl -s localhost:{{port}}/v1/usage
            """;
        using var folder = new TemporaryFolder();
        (await Shell.RunAsync(AsBuilt(script), folder.Path)).ShouldContain("\"default\"");
    }

    /// <summary>Builds nothing while other tests run the program.</summary>
    private static string AsBuilt(string script)
    {
        var configuration = AppContext.BaseDirectory.Contains("/Release/", StringComparison.Ordinal) ? "Release" : "Debug";
        return script.Replace("dotnet run ", $"dotnet run --no-build -c {configuration} ", StringComparison.Ordinal);
    }

    private static async Task<string> RunAsync(string command, GatewayProcess gateway, string folder)
    {
        Tools.Need("curl", "jq");
        var output = await Shell.RunAsync(Here(command, gateway), folder);
        var secrets = SecretScanner.ForPort(gateway.Address.Port)!;
        secrets.Scan(command, output);
        foreach (var answer in Directory.GetFiles(folder, "*.json"))
            secrets.Scan(command, await File.ReadAllTextAsync(answer, TestContext.Current.CancellationToken));
        return output;
    }

    private static string Here(string command, GatewayProcess gateway) =>
        command.Replace("localhost:8080", $"localhost:{gateway.Address.Port}", StringComparison.Ordinal);
}
