using System.Text.RegularExpressions;
using Gateway.Tests.Harness;

namespace Gateway.Tests;

/// <summary>Every command of the README is run, as it stands but for the port.</summary>
public sealed partial class ReadmeTests
{
    private static readonly string Readme = File.ReadAllText(Repository.Path("README.md"));

    [Fact]
    public async Task From_a_clone_to_an_image_with_the_commands_of_the_README()
    {
        var folder = Directory.CreateTempSubdirectory("gateway-readme-").FullName;
        await using var gateway = await GatewayProcess.StartAsync(folder, ("ASPNETCORE_ENVIRONMENT", "Development"));
        await RunAsync(Block("first-image"), gateway, folder);
        var image = await File.ReadAllBytesAsync(Path.Combine(folder, "cat.jpg"), TestContext.Current.CancellationToken);
        image.AsSpan(0, 3).ToArray().ShouldBe([0xFF, 0xD8, 0xFF]);

        await RunAsync(Block("reference-image"), gateway, folder);
        var second = await File.ReadAllBytesAsync(Path.Combine(folder, "no-hat.jpg"), TestContext.Current.CancellationToken);
        second.AsSpan(0, 3).ToArray().ShouldBe([0xFF, 0xD8, 0xFF]);
    }

    [Fact]
    public async Task Its_requests_work_as_they_stand()
    {
        var folder = Directory.CreateTempSubdirectory("gateway-readme-").FullName;
        await using var gateway = await GatewayProcess.StartAsync(folder, ("ASPNETCORE_ENVIRONMENT", "Development"));
        var blocks = Blocks()
            .Matches(Readme)
            .Where(block => block.Groups["name"].Value == "curl")
            .Select(block => block.Groups["command"].Value)
            .ToArray();
        blocks.Length.ShouldBeGreaterThan(2);
        foreach (var block in blocks)
            (await RunAsync(block, gateway, folder)).ShouldNotContain("/problems/");
    }

    [Fact]
    public async Task A_new_operator_gets_along_with_the_commands_of_the_README_alone()
    {
        Tools.Need("curl", "jq", "openssl", "pkill", "sqlite3");
        // A clone, as far as these commands can tell.
        var clone = Directory.CreateTempSubdirectory("gateway-operator-").FullName;
        foreach (
            var part in Directory.GetFileSystemEntries(Repository.Path(".")).Where(part => Path.GetFileName(part) is not ("run" or "data"))
        )
            Directory.CreateSymbolicLink(Path.Combine(clone, Path.GetFileName(part)), part);
        var port = Ports.Free();
        var commands = string.Join('\n', Blocks().Matches(Readme).Where(IsOperators).Select(block => block.Groups["command"].Value));
        commands.ShouldContain("/admin/audit");
        var script = $$"""
            export ASPNETCORE_HTTP_PORTS={{port}}
            {{Block("operator-files")}}
            ( {{Block("operator-start").Replace("dotnet run", "exec dotnet run", StringComparison.Ordinal)}} ) >log 2>&1 &
            pid=$!
            trap 'pkill -TERM -P $pid || true; wait $pid || true; cat log >&2' EXIT
            for _ in $(seq 300); do curl -fs localhost:8080/health/ready >/dev/null && break; sleep 0.1; done
            {{commands}}
            pkill -TERM -P $pid; wait $pid || true
            {{Block("operator-backup")}}
            """;

        var output = await Shell.RunAsync(AsBuilt(script).Replace("localhost:8080", $"localhost:{port}", StringComparison.Ordinal), clone);

        output.ShouldContain("\"generationId\"");
        output.ShouldContain("\"unbroken\": true");
        File.ReadAllText(Path.Combine(clone, "usage.csv")).ShouldContain("web-shop");
        new FileInfo(Path.Combine(clone, "run", "restored.db")).Length.ShouldBeGreaterThan(0);

        static bool IsOperators(Match block) => block.Groups["name"].Value == "operator";
    }

    [Fact]
    public void The_two_commands_on_a_clone_are_the_ones_that_CI_and_these_tests_run()
    {
        Readme.ShouldContain("\ndotnet run --project src/Gateway\n");
        Readme.ShouldContain("\ndotnet test\n");
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
        var folder = Directory.CreateTempSubdirectory("gateway-readme-").FullName;
        (await Shell.RunAsync(AsBuilt(script), folder)).ShouldContain("\"default\"");
    }

    [Fact]
    public void Every_link_to_a_file_leads_to_one()
    {
        foreach (Match link in Links().Matches(Readme))
        {
            var target = link.Groups["target"].Value;
            if (!target.StartsWith("http", StringComparison.Ordinal) && !target.StartsWith('#'))
                Path.Exists(Repository.Path(target)).ShouldBeTrue(target);
        }
    }

    /// <summary>The program is not built once more, beside tests that run it.</summary>
    private static string AsBuilt(string script)
    {
        var configuration = AppContext.BaseDirectory.Contains("/Release/", StringComparison.Ordinal) ? "Release" : "Debug";
        return script.Replace("dotnet run ", $"dotnet run --no-build -c {configuration} ", StringComparison.Ordinal);
    }

    private static string Block(string name) =>
        Blocks().Matches(Readme).Single(block => block.Groups["name"].Value == name).Groups["command"].Value;

    private static async Task<string> RunAsync(string command, GatewayProcess gateway, string folder)
    {
        Tools.Need("curl", "jq");
        var here = command.Replace("localhost:8080", $"localhost:{gateway.Address.Port}", StringComparison.Ordinal);
        var output = await Shell.RunAsync(here, folder);
        var secrets = Secrets.Of(gateway.Address.Port)!;
        secrets.Look(command, output);
        foreach (var answer in Directory.GetFiles(folder, "*.json"))
            secrets.Look(command, await File.ReadAllTextAsync(answer, TestContext.Current.CancellationToken));
        return output;
    }

    [GeneratedRegex(
        @"<!-- test: (?<name>[\w-]+) -->\n```sh\n(?<command>.*?)\n```",
        RegexOptions.Singleline | RegexOptions.ExplicitCapture,
        1000
    )]
    private static partial Regex Blocks();

    [GeneratedRegex(@"\]\((?<target>[^)]+)\)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Links();
}
