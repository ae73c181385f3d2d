using System.Net;
using System.Text;
using Gateway.Cli;
using Gateway.Edge.Problems;
using Gateway.Tests.Harness;
using Gateway.Tests.OpenApi.Clients;
using Gateway.Tests.Tenants;
using Leonardo.Simulator;

// Not "Console": that would hide System.Console from every test.
namespace Gateway.Tests.WebConsole;

/// <summary>
/// The console in Chromium, against the gateway as its operator runs it: its own process, with a simulator as the
/// upstream.
/// </summary>
public sealed class ConsoleTests
{
    private const string Token = "the-web-shops-token-in-a-test";

    private static readonly string Tenants = $$"""
        {
          "tenants": [
            { "id": "marketing", "name": "Marketing", "identify": { "networks": ["127.0.0.0/8"] }, "quota": { "imagesPerDay": 6, "usdPerMonth": 50 } },
            { "id": "web-shop", "name": "Web shop", "identify": { "tokens": ["{{NewTokenCommand.DigestOf(Token)}}"] } }
          ]
        }
        """;

    private const string UnlimitedTenants = """
        { "tenants": [{ "id": "marketing", "name": "Marketing", "identify": { "networks": ["127.0.0.0/8"] } }] }
        """;

    [Fact]
    public async Task A_person_makes_images_reads_errors_hits_a_quota_and_sees_the_usage()
    {
        using var folder = new TemporaryFolder();
        await using var leonardo = await LeonardoSimulator.StartAsync(new SimulatorOptions { JobSeconds = 2 });
        await using var gateway = await StartAsync(folder.Path, leonardo);

        await BrowserScript.RunAsync("console.mjs", [gateway.Address.GetLeftPart(UriPartial.Authority), Token, .. Screenshots]);

        // The account was charged for what the page showed.
        leonardo.Invoice.Select(charge => (charge.Quantity, charge.References)).ShouldBe([(2, 1), (1, 0)]);
        gateway.Output.ShouldNotContain(Token);
    }

    [Fact]
    public async Task An_operator_grants_releases_what_is_stuck_suspends_and_finds_it_in_the_audit()
    {
        const string AdminToken = "console-admin-token-of-a-test";
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "admin"), "anna " + AdminToken, TestContext.Current.CancellationToken);
        await using var leonardo = await LeonardoSimulator.StartAsync(new SimulatorOptions { JobSeconds = 0 });
        await using var gateway = await StartAsync(
            folder.Path,
            leonardo,
            ("Admin__TokenFile", Path.Combine(folder.Path, "admin")),
            ("Leonardo__GenerationDeadline", "00:00:02")
        );

        await BrowserScript.RunAsync(
            "console-operator.mjs",
            [
                gateway.Address.GetLeftPart(UriPartial.Authority),
                leonardo.Address.GetLeftPart(UriPartial.Authority),
                AdminToken,
                .. Screenshots,
            ]
        );

        // The gateway sent none of them twice.
        leonardo.Stats.Posts.ShouldBe(3);
        gateway.Output.ShouldNotContain(AdminToken);
    }

    [Fact]
    public async Task What_once_went_wrong_for_people_works_as_they_expect()
    {
        const string AdminToken = "console-admin-token-of-a-test";
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "admin"), "anna " + AdminToken, TestContext.Current.CancellationToken);
        await using var leonardo = await LeonardoSimulator.StartAsync(new SimulatorOptions { JobSeconds = 2, CreationsPerMinute = 0 });
        var tenants = $$"""
            {
              "tenants": [
                { "id": "marketing", "name": "Marketing", "identify": { "networks": ["127.0.0.0/8"] }, "quota": { "imagesPerDay": 28 }, "policy": { "allowPublic": true } },
                { "id": "small", "name": "Small", "identify": { "tokens": ["{{NewTokenCommand.DigestOf(
                Token
            )}}"] }, "policy": { "maxPixels": 1000000 } }
              ]
            }
            """;
        await using var gateway = await StartAsync(
            folder.Path,
            leonardo,
            tenants,
            ("Admin__TokenFile", Path.Combine(folder.Path, "admin"))
        );

        await BrowserScript.RunAsync(
            "console-defects.mjs",
            [
                gateway.Address.GetLeftPart(UriPartial.Authority),
                Token,
                AdminToken,
                Path.Combine(folder.Path, "tenants.json"),
                .. Screenshots,
            ]
        );

        var program = await File.ReadAllTextAsync(folder["copied.cs"], TestContext.Current.CancellationToken);
        await GeneratedCode.RunProgramAsync(
            "Copied",
            program.Replace("$\"{generation[", $"$\"{folder.Path}/{{generation[", StringComparison.Ordinal)
        );
        Directory.GetFiles(folder.Path, "*.jpg").Length.ShouldBe(2);

        // The first request, its remix, and the programs that were copied from it (PowerShell may be missing).
        var remixes = leonardo
            .Received.Where(request => request.Method == "POST" && request.Path.EndsWith("/v2/generations", StringComparison.Ordinal))
            .Select(request => Encoding.UTF8.GetString(request.Body.Span))
            .Where(body => body.Contains("Remix", StringComparison.Ordinal))
            .ToList();
        remixes.Count.ShouldBeInRange(8, 9);
        remixes.Distinct().ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_person_works_with_many_images_in_several_tabs()
    {
        using var folder = new TemporaryFolder();
        await using var leonardo = await LeonardoSimulator.StartAsync(new SimulatorOptions { JobSeconds = 0, CreationsPerMinute = 0 });
        await using var gateway = await StartAsync(folder.Path, leonardo, UnlimitedTenants);

        await BrowserScript.RunAsync("console-playground.mjs", [gateway.Address.GetLeftPart(UriPartial.Authority), .. Screenshots]);
    }

    [Fact]
    public async Task On_a_slow_line_it_is_usable_soon_and_a_long_history_does_not_block_it()
    {
        using var folder = new TemporaryFolder();
        await using var leonardo = await LeonardoSimulator.StartAsync(new SimulatorOptions { JobSeconds = 0, CreationsPerMinute = 0 });
        await using var gateway = await StartAsync(folder.Path, leonardo, UnlimitedTenants);

        await BrowserScript.RunAsync("console-load.mjs", [gateway.Address.GetLeftPart(UriPartial.Authority), "10000"]);
    }

    [Fact]
    public async Task The_console_is_at_the_root_without_a_tenant_and_is_revalidated_each_time()
    {
        await using var gateway = await GatewayApp.StartAsync(GatewayApp.Tenants("""{ "id": "elsewhere" }"""));

        var page = await gateway.GetAsync("/");

        page.StatusCode.ShouldBe(HttpStatusCode.OK);
        page.Content.Headers.ContentType!.MediaType.ShouldBe("text/html");
        page.Headers.CacheControl!.NoCache.ShouldBeTrue();
        var html = await page.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        html.ShouldContain("<title>Leonardo gateway</title>");
    }

    [Fact]
    public async Task Each_problem_and_each_quota_has_words_for_people()
    {
        await using var gateway = await GatewayApp.StartAsync();
        var usage = await (await gateway.GetAsync("/v1/usage")).JsonAsync();
        var quotas = usage["quotas"]!.AsArray().Select(quota => quota!["name"]!.GetValue<string>());

        await NodeScript.RunAsync(
            "browser",
            "console-words.mjs",
            string.Join(',', ProblemTypes.All.Select(problem => problem.Name)),
            string.Join(',', quotas)
        );
    }

    [Fact]
    public void The_console_has_no_script_or_style_in_its_page_and_names_no_other_host()
    {
        var root = Repository.Path("src", "Gateway", "wwwroot");
        var page = File.ReadAllText(Path.Combine(root, "index.html"));
        page.ShouldNotContain("style=");
        page.ShouldNotContain("<style");
        page.Split("<script")
            .Skip(1)
            .ShouldAllBe(script =>
                script.TrimStart().StartsWith("src=", StringComparison.Ordinal) || script.Contains(" src=", StringComparison.Ordinal)
            );
        foreach (
            var file in Directory
                .EnumerateFiles(root, "*", SearchOption.AllDirectories)
                .Where(file => !file.EndsWith(".svg", StringComparison.Ordinal))
        )
        {
            var text = File.ReadAllText(file).Replace("http://www.w3.org/2000/svg", "", StringComparison.Ordinal);
            text.ShouldNotContain("://", Case.Sensitive, file);
            text.ShouldNotContain("innerHTML", Case.Sensitive, file);
            text.Split('\n').Length.ShouldBeLessThan(300, file);
        }
    }

    /// <summary>CONSOLE_SCREENSHOTS names a folder for them; without it none are taken.</summary>
    internal static string[] Screenshots =>
        Environment.GetEnvironmentVariable("CONSOLE_SCREENSHOTS") is { Length: > 0 } folder ? [folder] : [];

    private static Task<GatewayProcess> StartAsync(string folder, LeonardoSimulator leonardo, params (string, string)[] settings) =>
        StartAsync(folder, leonardo, Tenants, settings);

    private static async Task<GatewayProcess> StartAsync(
        string folder,
        LeonardoSimulator leonardo,
        string tenantsFile,
        params (string, string)[] settings
    )
    {
        var tenants = Path.Combine(folder, "tenants.json");
        await File.WriteAllTextAsync(tenants, tenantsFile, TestContext.Current.CancellationToken);
        var origin = leonardo.Address.GetLeftPart(UriPartial.Authority);
        return await GatewayProcess.StartAsync(
            folder,
            [
                .. settings,
                ("Leonardo__ApiKey", leonardo.Key),
                ("Leonardo__BaseUrl", leonardo.BaseUrl.AbsoluteUri),
                ("Leonardo__ImageOrigins__0", origin),
                ("Leonardo__UploadOrigins__0", origin),
                ("Tenants__File", tenants),
            ]
        );
    }
}
