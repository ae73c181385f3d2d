using System.Diagnostics;
using Gateway.Tests.Harness;
using Leonardo.Simulator;
using static Gateway.Tests.OpenAi.OpenAiCalls;

namespace Gateway.Tests.OpenAi;

/// <summary>
/// The SDKs that teams have, with nothing changed but their address: bytes, errors as their own exceptions, a quota
/// without a long sleep, another tenant's 404, and a repeat that pays once.
/// </summary>
public sealed class OpenAiClientTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private LeonardoSimulator _leonardo = null!;
    private GatewayProcess _gateway = null!;

    public async ValueTask InitializeAsync()
    {
        _leonardo = await LeonardoSimulator.StartAsync(new SimulatorOptions { CreationsPerMinute = 0, JobSeconds = 0.3 });
        await File.WriteAllTextAsync(
            _folder["tenants.json"],
            GatewayApp.Tenants(
                Tenant("a", """ "name": "A" """),
                Tenant("b", """ "name": "B" """),
                Tenant("poor", """ "quota": { "imagesPerDay": 1 } """),
                Tenant("none-left", """ "quota": { "imagesPerDay": 0 } """)
            )
        );
        _gateway = await GatewayProcess.StartAsync(
            _folder.Path,
            ("Leonardo__ApiKey", _leonardo.Key),
            ("Leonardo__BaseUrl", _leonardo.BaseUrl.AbsoluteUri),
            ("Leonardo__ImageOrigins__0", _leonardo.Address.GetLeftPart(UriPartial.Authority)),
            ("Leonardo__UploadOrigins__0", _leonardo.Address.GetLeftPart(UriPartial.Authority)),
            ("Storage__ConnectionString", $"Data Source={_folder["gateway.db"]}"),
            ("Tenants__File", _folder["tenants.json"]),
            ("OpenAi__Aliases", "dall-e-2")
        );
    }

    public async ValueTask DisposeAsync()
    {
        await _gateway.DisposeAsync();
        await _leonardo.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task The_SDKs_of_JavaScript_make_images_and_pay_once()
    {
        await NodeScript.RunAsync("sdk", "openai-images.mjs", _gateway.Address.AbsoluteUri.TrimEnd('/'));

        ShouldHavePaid("openai: made", "openai: edited", "openai: streamed", "openai: repeated [sim:slow:3]");
        ShouldHavePaid("ai: made", "ai: edited", "ai: repeated [sim:slow:3]", "langchain: made", "langchain: bytes");
        ShouldHavePaid("openai: failed [sim:job-fails]", "langchain: repeated [sim:reset-after]");
        ShouldHavePaid("librechat: made", "librechat: edited", "librechat: repeated [sim:reset-after]");
        _leonardo.Invoice.Count.ShouldBe(14);
    }

    [Fact]
    public async Task The_SDKs_of_NET_make_images_and_pay_once()
    {
        var program = Repository.Path(
            "tests",
            "Gateway.Clients",
            "bin",
            new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name,
            "net10.0",
            "Gateway.Clients.dll"
        );
        var start = new ProcessStartInfo("dotnet", [program, "images", _gateway.Address.AbsoluteUri])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        process.ExitCode.ShouldBe(0, output + await errors);

        ShouldHavePaid("openai: made", "openai: edited", "openai: repeated [sim:slow:3]");
        ShouldHavePaid("extensions: made", "extensions: address", "extensions: bytes", "extensions: repeated [sim:slow:3]");
        ShouldHavePaid("kernel: made", "kernel: repeated [sim:slow:3]");
        _leonardo.Invoice.Count.ShouldBe(9);
    }

    private void ShouldHavePaid(params string[] prompts)
    {
        foreach (var prompt in prompts)
            _leonardo.Invoice.Count(charge => charge.Prompt == prompt).ShouldBe(1, prompt);
    }
}
