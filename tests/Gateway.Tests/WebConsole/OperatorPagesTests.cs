using Gateway.Cli;
using Gateway.Storage;
using Gateway.Tests.Harness;
using Gateway.Tests.Harness.LargeStores;
using Gateway.Tests.Harness.Sockets;
using Leonardo.Simulator;

namespace Gateway.Tests.WebConsole;

/// <summary>
/// The operator's pages in Chromium, on the management port, over a store as a year-old organisation has it.
/// </summary>
public sealed class OperatorPagesTests
{
    private const string AdminToken = "console-admin-token-of-a-test";
    private const string TenantToken = "a-tenants-token-of-a-test-of-pages";

    [Fact]
    public async Task Any_of_sixty_tenants_is_found_and_granted_and_what_goes_wrong_is_shown_within_ten_seconds()
    {
        using var folder = new TemporaryFolder();
        var cancellationToken = TestContext.Current.CancellationToken;
        var (tenants, tokens, store) = (folder["tenants.json"], folder["admin"], $"Data Source={folder["gateway.db"]}");
        await LargeStore.FillAsync(
            StorageEngine.Sqlite,
            store,
            new LargeStoreSize(6_000, Days: 90, Tenants: 60),
            TimeProvider.System.GetUtcNow()
        );
        await File.WriteAllTextAsync(tokens, "anna " + AdminToken, cancellationToken);
        await File.WriteAllTextAsync(tenants, TenantsFile, cancellationToken);
        await using var leonardo = await LeonardoSimulator.StartAsync(new SimulatorOptions { JobSeconds = 0, CreationsPerMinute = 0 });
        var origin = leonardo.Address.GetLeftPart(UriPartial.Authority);
        var management = Ports.Free();
        await using var gateway = await GatewayProcess.StartAsync(
            folder.Path,
            ("Admin__TokenFile", tokens),
            ("Leonardo__ApiKey", leonardo.Key),
            ("Leonardo__BaseUrl", leonardo.BaseUrl.AbsoluteUri),
            ("Leonardo__ImageOrigins__0", origin),
            ("Leonardo__GenerationDeadline", "00:00:02"),
            ("Management__Port", $"{management}"),
            ("Quotas__RepeatWindow", "00:00:00"),
            ("Storage__ConnectionString", store),
            ("Tenants__File", tenants)
        );

        await BrowserScript.RunAsync(
            "operator-pages.mjs",
            [
                $"http://127.0.0.1:{management}",
                gateway.Address.GetLeftPart(UriPartial.Authority),
                origin,
                AdminToken,
                TenantToken,
                tenants,
                .. ConsoleTests.Screenshots,
            ]
        );

        gateway.Output.ShouldNotContain(AdminToken);
    }

    private static string TenantsFile
    {
        get
        {
            var teams = Enumerable
                .Range(0, 60)
                .Select(n =>
                    $$"""
                    { "id": "{{LargeStore.Tenant(n)}}", "name": "{{Names[n % Names.Length]}} {{n}}", "quota": { "imagesPerDay": {{50 + n}}, "imagesPerMonth": {{(n == 0
                        ? 40000
                        : 900 + n)}}, "usdPerMonth": {{100 + n}} }
                      {{(n == 0 ? $$""", "identify": { "tokens": ["{{NewTokenCommand.DigestOf(TenantToken)}}"] }""" : "")}} }
                    """
                );
            return $$"""
                { "organization": { "quota": { "usdPerMonth": 400, "imagesPerMonth": 20000 } }, "tenants": [ {{string.Join(
                    ",\n",
                    teams
                )}} ] }
                """;
        }
    }

    private static readonly string[] Names = ["Marketing", "Web shop", "Support", "Games", "Research", "Print", "Events", "Brand studio"];
}
