using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using Gateway.Ledger.Rules;
using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;
using Leonardo.Simulator;

namespace Gateway.Tests.Generations;

/// <summary>
/// HTTP libraries repeat a POST on their own, without an Idempotency-Key. Real processes and sockets: who received an
/// answer is seen on the connection.
/// </summary>
public sealed class RepeatTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private LeonardoSimulator _leonardo = null!;
    private GatewayProcess _gateway = null!;

    public async ValueTask InitializeAsync()
    {
        _leonardo = await LeonardoSimulator.StartAsync(
            new SimulatorOptions
            {
                CreationsPerMinute = 0,
                Slots = 10_000,
                Pending = 10_000,
            }
        );
        await File.WriteAllTextAsync(
            _folder["tenants.json"],
            GatewayApp.Tenants("""{ "id": "team", "identify": { "networks": ["127.0.0.0/8"] } }""")
        );
        _gateway = await StartGatewayAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _gateway.DisposeAsync();
        await _leonardo.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("reset-after")]
    [InlineData("fin-after")]
    [InlineData("error-500-after")]
    [InlineData("garbage")]
    [InlineData("half-json")]
    public async Task A_repeat_of_an_unclear_outcome_is_not_sent_again(string fault)
    {
        _leonardo.ScriptNext(fault);

        (await PostAsync("a cat")).IsSuccessStatusCode.ShouldBeFalse();

        for (var n = 0; n < 3; n++)
        {
            using var repeat = await PostAsync("a cat");
            repeat.Headers.GetValues("Idempotency-Replayed").ShouldBe(["true"]);
        }
        _leonardo.Stats.Creations.ShouldBe(1);
    }

    [Fact]
    public async Task A_repeat_of_a_request_whose_caller_has_gone_takes_its_place()
    {
        _leonardo.ScriptNext("slow:2");
        using (var first = await RawConnection.OpenAsync(_gateway.Address))
        {
            await first.SendAsync(Raw("a cat"));
            await IsRunningForAWhileAsync();
        }
        await SendAndCloseAsync("a cat", TimeSpan.FromSeconds(0.3));

        using var third = await PostAsync("a cat");

        third.EnsureSuccessStatusCode();
        third.Headers.GetValues("Idempotency-Replayed").ShouldBe(["true"]);
        _leonardo.Invoice.Count.ShouldBe(1);
    }

    /// <summary>The gateway may write its answer before it sees the disconnection, and the write succeeds.</summary>
    [Fact]
    public async Task A_caller_who_goes_in_the_moment_of_the_answer_and_asks_again_pays_once()
    {
        const int lanes = 20;
        const int rounds = 10;
        await Task.WhenAll(
            Enumerable
                .Range(0, lanes)
                .Select(async lane =>
                {
                    for (var round = 0; round < rounds; round++)
                    {
                        var prompt = $"cat {lane} {round}";
                        _leonardo.ScriptNext("slow:0.4");
                        await SendAndCloseAsync(prompt, TimeSpan.FromSeconds(0.4 + 0.003 * (round - 3)));
                        using var repeat = await PostAsync(prompt);
                        repeat.EnsureSuccessStatusCode();
                    }
                })
        );

        _leonardo.Invoice.Count.ShouldBe(lanes * rounds);
    }

    [Fact]
    public async Task Two_people_who_both_receive_the_same_cat_pay_for_two()
    {
        using var first = await PostAsync("a cat");
        using var second = await PostAsync("a cat");

        (await IdAsync(first)).ShouldNotBe(await IdAsync(second));
        second.Headers.Contains("Idempotency-Replayed").ShouldBeFalse();
        _leonardo.Invoice.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Two_equal_requests_at_the_same_time_are_both_made()
    {
        _leonardo.ScriptNext("slow:0.8", "slow:0.8");

        var both = await Task.WhenAll(PostAsync("a cat"), PostAsync("a cat"));

        (await IdAsync(both[0])).ShouldNotBe(await IdAsync(both[1]));
        _leonardo.Invoice.Count.ShouldBe(2);
    }

    /// <summary>Half a second is what a request waits that cannot know whether its predecessor was delivered.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Equal_requests_one_after_the_other_do_not_wait(bool eachOnItsOwnConnection)
    {
        const int requests = 12;
        _leonardo.ScriptNext([.. Enumerable.Repeat("slow:0.15", requests)]);
        var clock = Stopwatch.StartNew();
        for (var n = 0; n < requests; n++)
        {
            using var answer = await PostAsync("a cat", close: eachOnItsOwnConnection);
            await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        }

        clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(requests * (0.15 + 0.5)));
        _leonardo.Invoice.Count.ShouldBe(requests);
    }

    [Fact]
    public async Task After_a_kill_between_settlement_and_answer_the_repeat_pays_nothing()
    {
        using (var waiting = await RawConnection.OpenAsync(_gateway.Address))
        {
            await waiting.SendAsync(Raw("a cat", "Prefer: wait=60\r\n"));
            await Eventually.HoldsAsync(() => _leonardo.Invoice.Count == 1);
            await _gateway.KillAsync();
        }
        await _gateway.DisposeAsync();
        _gateway = await StartGatewayAsync();

        await Eventually.HoldsAsync(async () =>
        {
            using var repeat = await PostAsync("a cat");
            return repeat.IsSuccessStatusCode;
        });

        _leonardo.Invoice.Count.ShouldBe(1);
    }

    [Fact]
    public async Task The_shipped_nginx_passes_on_that_its_client_has_gone()
    {
        Tools.Need("nginx");
        var port = Ports.Free();
        await File.WriteAllTextAsync(
            _folder["nginx.conf"],
            (await File.ReadAllTextAsync(Repository.Path("deploy/nginx/nginx.conf"), TestContext.Current.CancellationToken))
                .Replace("listen 8080", $"listen 127.0.0.1:{port}", StringComparison.Ordinal)
                .Replace("resolver 127.0.0.11 valid=5s ipv6=off;", "", StringComparison.Ordinal)
                .Replace("gateway:8080 resolve", $"127.0.0.1:{_gateway.Address.Port}", StringComparison.Ordinal)
                .Replace("/tmp/", _folder["nginx-"], StringComparison.Ordinal)
        );
        using var nginx = Process.Start("nginx", ["-c", _folder["nginx.conf"], "-p", _folder.Path, "-g", "daemon off;"]);
        try
        {
            var balancer = new Uri($"http://127.0.0.1:{port}");
            _leonardo.ScriptNext("slow:2");
            await Eventually.HoldsAsync(async () =>
            {
                try
                {
                    using var first = await RawConnection.OpenAsync(balancer);
                    await first.SendAsync(Raw("a cat"));
                    await IsRunningForAWhileAsync();
                    return true;
                }
                catch (System.Net.Sockets.SocketException)
                {
                    return false;
                }
            });

            using var repeat = await PostAsync("a cat");

            repeat.Headers.GetValues("Idempotency-Replayed").ShouldBe(["true"]);
            _leonardo.Invoice.Count.ShouldBe(1);
        }
        finally
        {
            nginx.Kill(entireProcessTree: true);
        }
    }

    [Fact]
    public async Task With_the_window_at_zero_every_request_is_a_new_one()
    {
        await _gateway.DisposeAsync();
        _gateway = await StartGatewayAsync(("Quotas__RepeatWindow", "00:00:00"));
        _leonardo.ScriptNext("reset-after");

        (await PostAsync("a cat")).IsSuccessStatusCode.ShouldBeFalse();
        (await PostAsync("a cat")).EnsureSuccessStatusCode();

        _leonardo.Invoice.Count.ShouldBe(2);
    }

    private Task<GatewayProcess> StartGatewayAsync(params (string Name, string Value)[] settings) =>
        GatewayProcess.StartAsync(
            _folder.Path,
            [
                ("Leonardo__ApiKey", _leonardo.Key),
                ("Leonardo__BaseUrl", _leonardo.BaseUrl.AbsoluteUri),
                ("Leonardo__ImageOrigins__0", _leonardo.Address.GetLeftPart(UriPartial.Authority)),
                ("Leonardo__ConcurrentGenerations", "10000"),
                ("Leonardo__GenerationsPerMinute", "100000"),
                ("Limits__RequestsPerSecond", "0"),
                ("Tenants__File", _folder["tenants.json"]),
                ("Storage__ConnectionString", $"Data Source={_folder["gateway.db"]}"),
                .. settings,
            ]
        );

    private async Task<HttpResponseMessage> PostAsync(string prompt, bool close = false)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v2/generations")
        {
            Content = new StringContent(Body(prompt), Encoding.UTF8, new MediaTypeHeaderValue("application/json")),
        };
        request.Headers.ConnectionClose = close;
        return await _gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    /// <summary>A shorter request is not waited for: who asks again so soon has not seen a time-out.</summary>
    private async Task IsRunningForAWhileAsync()
    {
        await Eventually.HoldsAsync(() => _leonardo.Received.Count == 1);
        await Task.Delay(3 * RepeatRules.LongRequest, TestContext.Current.CancellationToken);
    }

    /// <summary>As a client whose time is up.</summary>
    private async Task SendAndCloseAsync(string prompt, TimeSpan after)
    {
        using var connection = await RawConnection.OpenAsync(_gateway.Address);
        await connection.SendAsync(Raw(prompt));
        // Not a wait for a condition: the moment is what is tested.
        await Task.Delay(after, TestContext.Current.CancellationToken);
    }

    private static string Raw(string prompt, string headers = "") =>
        $"POST /v2/generations HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{headers}Content-Length: {Body(prompt).Length}\r\n\r\n{Body(prompt)}";

    private static string Body(string prompt) => $$$"""{"model":"flux-pro-2.0","parameters":{"prompt":"{{{prompt}}}"}}""";

    private static async Task<string> IdAsync(HttpResponseMessage answer) =>
        (await answer.JsonAsync())["generate"]!["generationId"]!.GetValue<string>();
}
