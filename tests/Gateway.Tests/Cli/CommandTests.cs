using Gateway.Cli;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Cli;

/// <summary>The commands, run as an operator runs them.</summary>
public sealed class CommandTests : IDisposable
{
    private const string TwoTenants = """
        { "tenants": [
            { "id": "marketing", "name": "Marketing", "identify": { "networks": ["10.20.0.0/16"], "header": true } },
            { "id": "shop", "identify": { "tokens": ["DIGEST"] } }
        ] }
        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Help_lists_every_command_and_says_where_the_settings_are_documented()
    {
        var help = await RunAsync("--help");

        help.ExitCode.ShouldBe(0);
        foreach (var command in (string[])["new-token", "check", "who", "backup", "migrate", "health", "version"])
            help.Output.ShouldContain($"  {command}");
        help.Output.ShouldContain("docs/settings.md");
        help.Output.ShouldContain("/docs");
        help.Output.ShouldContain("start the server");
    }

    [Theory]
    [InlineData("version")]
    [InlineData("--version")]
    public async Task The_version_names_the_gateway_the_runtime_and_SQLite(string argument)
    {
        var version = await RunAsync(argument);

        version.ExitCode.ShouldBe(0);
        version.Output.ShouldMatch(@"^gateway 0\.1\.0\n\.NET 10\.[\d.]+\nSQLite 3\.[\d.]+\n");
    }

    [Fact]
    public void A_new_token_is_random_recognisable_and_shown_with_its_digest()
    {
        var (first, second) = (Run(), Run());

        first[1].ShouldMatch("^  lgw_[A-Za-z0-9_-]{43}$");
        first[3].ShouldBe("  " + NewTokenCommand.DigestOf(first[1].Trim()));
        first[3].ShouldMatch("^  sha256:[0-9a-f]{64}$");
        second[1].ShouldNotBe(first[1]);

        static string[] Run()
        {
            using var output = new StringWriter { NewLine = "\n" };
            NewTokenCommand.Run(output).ShouldBe(0);
            return output.ToString().Split('\n');
        }
    }

    [Theory]
    [InlineData("serve")]
    [InlineData("urls=http://localhost:1")]
    [InlineData("check", "a", "b")]
    [InlineData("backup")]
    [InlineData("backup", "--force")]
    [InlineData("migrate")]
    [InlineData("who")]
    [InlineData("who", "--address", "here")]
    [InlineData("who", "--address", "10.0.0.1", "--header", "x")]
    [InlineData("who", "--address", "10.0.0.1", "--token")]
    [InlineData("new-token", "again")]
    public async Task What_is_not_understood_is_a_usage_error(params string[] arguments)
    {
        var refused = await RunAsync(arguments);

        refused.ExitCode.ShouldBe(2);
        refused.Output.ShouldContain("usage: gateway ");
        refused.Output.ShouldNotContain("   at ");
    }

    [Fact]
    public async Task A_good_tenants_file_is_counted()
    {
        var file = await WriteAsync("some.json", TwoTenants.Replace("DIGEST", NewTokenCommand.DigestOf("a"), StringComparison.Ordinal));

        var check = await RunAsync("check", file);

        check.Output.Trim().ShouldBe("ok: 2 tenants");
        check.ExitCode.ShouldBe(0);
    }

    [Fact]
    public async Task Every_fault_of_a_tenants_file_is_one_line_with_its_pointer()
    {
        var file = await WriteAsync(
            "bad.json",
            """{ "tenants": [ { "id": "Big" }, { "id": "b", "quota": { "imagesPerDay": -1 }, "policy": { "models": ["none"] } } ] }"""
        );

        var check = await RunAsync("check", file);

        check.ExitCode.ShouldBe(1);
        var lines = check.Output.Trim().Split('\n');
        lines.Length.ShouldBe(3);
        lines[0].ShouldStartWith("#/tenants/0/id: ");
        lines[1].ShouldStartWith("#/tenants/1/quota/imagesPerDay: ");
        lines[2].ShouldStartWith("#/tenants/1/policy/models");
    }

    [Fact]
    public async Task Without_a_file_every_setting_and_the_configured_file_are_checked()
    {
        await WriteAsync("tenants.json", """{ "tenants": [ { "id": "Big" } ] }""");

        var check = await GatewayProcess.RunAsync(
            _folder.Path,
            ["check"],
            ("Leonardo__Timeout", "soon"),
            ("Leonardo__Timout", "00:00:10"),
            ("Logging__Format", "xml")
        );

        check.ExitCode.ShouldBe(1);
        var lines = check.Output.Trim().Split('\n');
        foreach (
            var fault in (string[])
                ["Leonardo:ApiKey: is missing", "Leonardo:Timeout: ", "Leonardo:Timout: ", "Logging:Format: ", "Tenants:File: "]
        )
            lines.ShouldContain(line => line.StartsWith(fault, StringComparison.Ordinal), fault);
        check.Output.ShouldContain("#/tenants/0/id");

        await WriteAsync("tenants.json", """{ "tenants": [ { "id": "big" } ] }""");
        var good = await GatewayProcess.RunAsync(_folder.Path, ["check"], ("Leonardo__Simulator", "true"));
        good.Output.Trim().ShouldBe("ok: 1 tenant");
        good.ExitCode.ShouldBe(0);
        Directory.Exists(Path.Combine(_folder.Path, "data")).ShouldBeFalse("the store is not opened");
    }

    [Theory]
    [InlineData("10.20.3.4", "", "marketing", "network")]
    [InlineData("10.99.0.1", "X-Tenant-Id: marketing", "marketing", "header")]
    [InlineData("192.0.2.1", "Authorization: Bearer lgw_secret-token", "shop", "token")]
    public async Task Who_says_which_tenant_such_a_caller_is_and_why(string address, string header, string id, string identifiedBy)
    {
        var file = await WriteAsync(
            "t.json",
            TwoTenants.Replace("DIGEST", NewTokenCommand.DigestOf("lgw_secret-token"), StringComparison.Ordinal)
        );
        string[] headers = header.Length > 0 ? ["--header", header] : [];

        var who = await GatewayProcess.RunAsync(
            _folder.Path,
            ["who", "--address", address, .. headers, "--tenants", file],
            ("Identification__TrustedProxies", "10.99.0.0/16")
        );

        who.Output.ShouldContain($"id: {id}\n");
        who.Output.ShouldContain($"name: {(id == "marketing" ? "Marketing" : id)}\n");
        who.Output.ShouldContain($"identifiedBy: {identifiedBy}\n");
        who.Output.ShouldNotContain("secret-token");
        who.ExitCode.ShouldBe(0);
    }

    [Theory]
    [InlineData("192.0.2.1", "", "401 unidentified: The request came from 192.0.2.1")]
    [InlineData("10.20.3.4", "Authorization: Bearer lgw_wrong-token", "401 unidentified: ")]
    [InlineData("10.20.3.4", "X-Tenant-Id: marketing", "401 unidentified: ")]
    [InlineData("10.20.3.4", "Sec-Fetch-Site: cross-site", "403 cross-site: ")]
    [InlineData("10.20.3.4", "Host: evil.example", "403 host-not-allowed: ")]
    public async Task Who_says_why_a_caller_would_be_refused(string address, string header, string reason)
    {
        await WriteAsync("tenants.json", TwoTenants.Replace("DIGEST", NewTokenCommand.DigestOf("a"), StringComparison.Ordinal));
        string[] headers = header.Length > 0 ? ["--header", header] : [];

        var who = await RunAsync(["who", "--address", address, .. headers]);

        who.Output.ShouldStartWith(reason);
        who.Output.ShouldNotContain("wrong-token");
        who.Output.Trim().ShouldNotContain('\n');
        who.ExitCode.ShouldBe(1);
    }

    private Task<(int ExitCode, string Output)> RunAsync(params string[] arguments) => GatewayProcess.RunAsync(_folder.Path, arguments);

    private async Task<string> WriteAsync(string name, string text)
    {
        var file = Path.Combine(_folder.Path, name);
        await File.WriteAllTextAsync(file, text, TestContext.Current.CancellationToken);
        return file;
    }
}
