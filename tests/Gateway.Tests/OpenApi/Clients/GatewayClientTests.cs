using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using Gateway.Tests.Docs;
using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Network;
using Leonardo.Gateway.Client;
using Leonardo.Simulator;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Gateway.Tests.OpenApi.Clients;

/// <summary>The package <c>Leonardo.Gateway.Client</c> against a gateway, and what it contains.</summary>
public sealed class GatewayClientTests : IAsyncLifetime
{
    private GatewayApp _gateway = null!;

    public async ValueTask InitializeAsync() =>
        _gateway = await GatewayApp.StartAsync(
            TwoTenants.WithQuotas("{}", """{ "imagesPerDay": 1 }"""),
            simulator: new SimulatorOptions { CreationsPerMinute = 0, JobSeconds = 1 }
        );

    public ValueTask DisposeAsync() => _gateway.DisposeAsync();

    [Fact]
    public async Task A_team_generates_reads_the_image_refers_to_an_upload_and_sees_what_it_spent()
    {
        await using var services = Services(options => options.User = "jane");
        var client = services.GetRequiredService<GatewayClient>();
        var cancellationToken = TestContext.Current.CancellationToken;

        (await client.ListModelsAsync(cancellationToken)).Models.First().Name.ShouldBe("flux-pro-2.0");
        var quote = await client.QuoteAsync(Cat(), cancellationToken);
        (quote.Allowed, quote.Images, quote.Cost.Amount).ShouldBe((true, 1, "0.0030"));
        var made = await EndsAsync(client.GenerateAsync(Cat(), cancellationToken: cancellationToken));
        made.Status.ShouldBe(GenerationResultStatus.COMPLETE);
        var bytes = await ReadAsync(await client.OpenImageAsync(made.Id, made.GeneratedImages.Single().Id, null, cancellationToken));
        bytes.AsSpan(0, 3).ToArray().ShouldBe([0xFF, 0xD8, 0xFF]);
        var small = await ReadAsync(await client.OpenImageAsync(made.Id, made.GeneratedImages.Single().Id, 320, cancellationToken));
        System.Text.Encoding.ASCII.GetString(small, 8, 4).ShouldBe("WEBP");

        var image = await client.UploadAsync(new MemoryStream(bytes), "cat.jpg", cancellationToken);
        var second = Cat();
        second.Parameters.Quantity = 2;
        second.Parameters.Guidances = new() { ImageReference = [new() { Image = image, Strength = ImageReferenceStrength.HIGH }] };
        (await EndsAsync(client.GenerateAsync(second, cancellationToken: cancellationToken))).GeneratedImages.Count.ShouldBe(2);

        var usage = await client.GetUsageAsync(cancellationToken);
        (usage.Tenant.Id, usage.Tenant.User, usage.Totals.Today.Images).ShouldBe(("a", "jane", 3));
        var page = await client.ListGenerationsAsync(limit: 1, cancellationToken: cancellationToken);
        var older = await client.ListGenerationsAsync(page.Next, limit: 1, cancellationToken);
        older.Generations.Single().Id.ShouldBe(made.Id);
        await client.DeleteGenerationAsync(made.Id, cancellationToken);
        var gone = await RefusedAsync(client.GetGenerationAsync(made.Id, cancellationToken));
        (gone.Status, gone.Type).ShouldBe((HttpStatusCode.NotFound, "/problems/not-found"));
    }

    [Fact]
    public async Task A_job_is_submitted_waited_for_listed_and_cannot_be_cancelled_once_it_was_sent()
    {
        await using var services = Services(_ => { });
        var client = services.GetRequiredService<GatewayClient>();
        var cancellationToken = TestContext.Current.CancellationToken;

        var job = await client.SubmitJobAsync(Cat(), cancellationToken: cancellationToken);
        var id = job.Job.Id;
        var ended = await EndsAsync(client.WaitForJobAsync(id, cancellationToken));
        (ended.Job.Id, ended.Job.Status, ended.Job.Problem).ShouldBe((id, JobStateStatus.COMPLETE, null));
        ended.GenerationsByPk!.GeneratedImages.ShouldHaveSingleItem();
        (await client.ListJobsAsync(JobStateStatus.COMPLETE, cancellationToken: cancellationToken))
            .Jobs.ShouldHaveSingleItem()
            .Id.ShouldBe(id);
        (await RefusedAsync(client.CancelJobAsync(id, cancellationToken))).Type.ShouldBe("/problems/job-not-queued");
    }

    [Fact]
    public async Task A_refusal_is_an_exception_with_the_whole_problem()
    {
        await using var services = Services(options => options.Token = "b");
        var client = services.GetRequiredService<GatewayClient>();

        var wrong = Cat();
        wrong.Parameters.Width = 100;
        var invalid = await RefusedAsync(client.GenerateAsync(wrong));
        (invalid.Status, invalid.Type).ShouldBe((HttpStatusCode.BadRequest, "/problems/validation"));
        invalid.Errors.ShouldHaveSingleItem().Pointer.ShouldBe("#/parameters/width");
        invalid.TraceId.Length.ShouldBe(32);

        var two = Cat();
        two.Parameters.Quantity = 2;
        var never = await RefusedAsync(client.GenerateAsync(two));
        (never.Status, never.NeverAdmitted, never.RetryAfter).ShouldBe((HttpStatusCode.TooManyRequests, true, null));
        await EndsAsync(client.GenerateAsync(Cat()));
        var later = await RefusedAsync(client.GenerateAsync(Cat()));
        (later.Type, later.NeverAdmitted, later.Problem.ViolatedPolicies!.Single()).ShouldBe(
            ("/problems/quota-exceeded", false, "images-day")
        );
        later.RetryAfter!.Value.ShouldBeGreaterThan(TimeSpan.FromMinutes(1));
        later.Detail.ShouldContain("images-day");
        _gateway.Leonardo.Invoice.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_call_whose_connection_is_cut_before_its_answer_is_sent_again_and_paid_once()
    {
        await using var relay = new CutOnce(_gateway.Address.Port);
        await using var services = Services(options => options.Address = new Uri($"http://127.0.0.1:{relay.Port}"));

        var made = await EndsAsync(services.GetRequiredService<GatewayClient>().GenerateAsync(Cat()));

        made.Status.ShouldBe(GenerationResultStatus.COMPLETE);
        relay.Connections.ShouldBeGreaterThan(1, "the first was cut");
        _gateway.Leonardo.Invoice.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task An_unclear_outcome_is_asked_for_again_until_the_pauses_are_over_and_never_sent_again()
    {
        await using var services = Services(options => options.Attempts = 2);
        _gateway.Leonardo.ScriptNext("error-500");

        var unknown = await RefusedAsync(services.GetRequiredService<GatewayClient>().GenerateAsync(Cat(), "order-4711"));

        unknown.Type.ShouldBe("/problems/outcome-unknown");
        unknown.Problem.ReservationId.ShouldNotBeNull();
        _gateway.Leonardo.Received.Count(request => request.Method == "POST").ShouldBe(1);
    }

    [Fact]
    public async Task An_answer_of_something_before_the_gateway_and_a_missing_address_are_said_in_plain_words()
    {
        await using var relay = new NotAGateway();
        await using var services = Services(options =>
            (options.Address, options.Attempts) = (new Uri($"http://127.0.0.1:{relay.Port}"), 1)
        );

        var refusal = await RefusedAsync(services.GetRequiredService<GatewayClient>().GetUsageAsync());

        (refusal.Status, refusal.Type).ShouldBe((HttpStatusCode.BadGateway, "about:blank"));
        await using var without = Services(options => options.Address = null);
        Should.Throw<OptionsValidationException>(() => without.GetRequiredService<GatewayClient>()).Message.ShouldContain("Address");
    }

    [Fact]
    public async Task The_documented_program_makes_its_image()
    {
        using var folder = new TemporaryFolder();
        await using var gateway = await GatewayApp.StartAsync(simulator: new SimulatorOptions { CreationsPerMinute = 0, JobSeconds = 1 });
        var program = Documents
            .Command("csharp")
            .Replace("http://localhost:8080", gateway.Address.AbsoluteUri, StringComparison.Ordinal)
            .Replace("cat.jpg", folder["cat.jpg"], StringComparison.Ordinal);

        var running = GeneratedCode.RunProgramAsync("Documented", program);
        await gateway.PassAsync(() => running.IsCompleted);
        await running;

        (await File.ReadAllBytesAsync(folder["cat.jpg"], TestContext.Current.CancellationToken)).Length.ShouldBeGreaterThan(1000);
    }

    [Fact]
    public async Task The_package_has_the_version_of_the_gateway_its_documentation_and_its_licence()
    {
        using var folder = new TemporaryFolder();
        var configuration = AppContext.BaseDirectory.Contains("/Release/", StringComparison.Ordinal) ? "Release" : "Debug";
        await Shell.RunAsync(
            $"dotnet pack src/Leonardo.Gateway.Client --no-build -c {configuration} -o '{folder.Path}'",
            Repository.Path("."),
            seconds: 120
        );

        var version = typeof(Program).Assembly.GetName().Version!.ToString(3);
        await using var package = await ZipFile.OpenReadAsync(
            folder[$"Leonardo.Gateway.Client.{version}.nupkg"],
            TestContext.Current.CancellationToken
        );
        var files = package.Entries.Select(entry => entry.FullName).ToArray();
        foreach (
            var file in (string[])
                ["README.md", "LICENSE", "lib/net10.0/Leonardo.Gateway.Client.dll", "lib/net10.0/Leonardo.Gateway.Client.xml"]
        )
            files.ShouldContain(file);
        using var reader = new StreamReader(await package.GetEntry("Leonardo.Gateway.Client.nuspec")!.OpenAsync());
        var nuspec = await reader.ReadToEndAsync();
        nuspec.ShouldContain("<license type=\"expression\">MIT</license>");
        nuspec.ShouldContain("<readme>README.md</readme>");
        nuspec.ShouldNotContain("Gateway.Tests");
    }

    private static GenerationBody Cat() =>
        new()
        {
            Model = "flux-pro-2.0",
            Parameters = new()
            {
                Prompt = "A cat wearing a hat",
                Width = 256,
                Height = 256,
            },
        };

    private ServiceProvider Services(Action<GatewayClientOptions> configure)
    {
        var services = new ServiceCollection();
        services.AddLeonardoGateway(options =>
        {
            (options.Address, options.Token) = (_gateway.Address, "a");
            configure(options);
        });
        return services.BuildServiceProvider();
    }

    private async Task<T> EndsAsync<T>(Task<T> call)
    {
        await _gateway.PassAsync(() => call.IsCompleted);
        return await call;
    }

    private async Task<GatewayException> RefusedAsync<T>(Task<T> call) => await Should.ThrowAsync<GatewayException>(EndsAsync(call));

    private static async Task<byte[]> ReadAsync(Stream image)
    {
        await using (image)
        {
            using var bytes = new MemoryStream();
            await image.CopyToAsync(bytes);
            return bytes.ToArray();
        }
    }

    /// <summary>Closes the first connection when the answer arrives.</summary>
    private sealed class CutOnce : Relay
    {
        private readonly int _gateway;
        private int _cut;

        public CutOnce(int gateway)
        {
            _gateway = gateway;
            Start();
        }

        protected override async Task ServeAsync(Stream caller, CancellationToken cancellationToken)
        {
            if (Interlocked.Exchange(ref _cut, 1) == 1)
            {
                await PipeAsync(caller, _gateway, cancellationToken);
                return;
            }
            using var target = new TcpClient();
            await target.ConnectAsync(IPAddress.Loopback, _gateway, cancellationToken);
            await using var other = target.GetStream();
            _ = caller.CopyToAsync(other, cancellationToken);
            await other.ReadExactlyAsync(new byte[1], cancellationToken);
        }
    }

    private sealed class NotAGateway : Relay
    {
        public NotAGateway() => Start();

        protected override async Task ServeAsync(Stream caller, CancellationToken cancellationToken)
        {
            await caller.ReadExactlyAsync(new byte[4], cancellationToken);
            await caller.WriteAsync(
                "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 4\r\nContent-Type: text/html\r\n\r\nOops"u8.ToArray(),
                cancellationToken
            );
            await caller.FlushAsync(cancellationToken);
        }
    }
}
