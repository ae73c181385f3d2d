using System.Net;
using Gateway.Quotas;
using Gateway.Tests.Harness;
using Leonardo.Gateway.Client;
using Leonardo.Simulator;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.OpenApi.Clients;

/// <summary>
/// What the package <c>Leonardo.Gateway.Client</c> does when answers are lost, late or refusals that pass. The network
/// between it and a gateway is a handler; its pauses pass on a clock of the test.
/// </summary>
public sealed class GatewayClientFaultTests : IAsyncLifetime
{
    private GatewayApp _gateway = null!;

    public async ValueTask InitializeAsync() =>
        _gateway = await GatewayApp.StartAsync(
            TwoTenants.WithQuotas("""{ "concurrentStreams": 1, "readsPerMinute": 1 }""", """{ "imagesPerDay": 1 }"""),
            simulator: new SimulatorOptions { CreationsPerMinute = 0, JobSeconds = 1 }
        );

    public ValueTask DisposeAsync() => _gateway.DisposeAsync();

    [Fact]
    public async Task A_waiting_request_waits_for_one_of_the_tenants_streams_and_fails_with_what_it_needs_to_go_on()
    {
        var streams = _gateway.Services.GetRequiredService<TenantStreams>();
        var (refused, most) = (0, 2);
        var taken = streams.TryOpen("a");
        var (services, client) = Client(
            async (request, send, _) =>
            {
                // Its answer comes before the images: they are waited for with GETs.
                if (request.Method == HttpMethod.Post && refused >= 2)
                    request.Headers.Remove("Prefer");
                if (request.Method == HttpMethod.Get && refused == 2)
                    taken = streams.TryOpen("a");
                var answer = await send();
                if (answer.StatusCode == HttpStatusCode.TooManyRequests && ++refused % most == 0)
                    taken!.Dispose();
                return answer;
            },
            _gateway.Time,
            options => options.Attempts = 4
        );
        await using var closing = services;

        var made = await EndsAsync(client.GenerateAsync(Cat()));

        (made.Status, refused).ShouldBe((GenerationResultStatus.COMPLETE, 4), "two refusals of the POST, two of the GET");
        (refused, most) = (2, int.MaxValue);
        var failure = await Should.ThrowAsync<GatewayException>(EndsAsync(client.GenerateAsync(Cat(), "order-1")));
        (failure.Status, failure.IdempotencyKey).ShouldBe((HttpStatusCode.TooManyRequests, "order-1"));
        taken!.Dispose();
        (await EndsAsync(client.WaitForGenerationAsync(failure.GenerationId!.Value))).Status.ShouldBe(GenerationResultStatus.COMPLETE);
        _gateway.Leonardo.Invoice.Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_quota_that_is_used_up_is_not_waited_for()
    {
        var sent = 0;
        var (services, client) = Client(
            (_, send, _) =>
            {
                sent++;
                return send();
            },
            _gateway.Time,
            options => options.Token = "b"
        );
        await using var closing = services;
        await EndsAsync(client.GenerateAsync(Cat()));
        sent = 0;

        var refusal = await Should.ThrowAsync<GatewayException>(EndsAsync(client.GenerateAsync(Cat())));

        (refusal.Type, sent).ShouldBe(("/problems/quota-exceeded", 1));
        Guid.TryParse(refusal.IdempotencyKey, out _).ShouldBeTrue();
    }

    [Fact]
    public async Task What_costs_nothing_waits_until_the_next_minute_admits_it()
    {
        var statuses = new List<HttpStatusCode>();
        var (services, client) = Client(
            async (_, send, _) =>
            {
                var answer = await send();
                statuses.Add(answer.StatusCode);
                return answer;
            },
            _gateway.Time
        );
        await using var closing = services;
        var first = await EndsAsync(client.GenerateAsync(Cat()));
        var second = await EndsAsync(client.GenerateAsync(Cat()));
        await EndsAsync(DeletedAsync(client, first.Id));
        statuses.Clear();

        await EndsAsync(DeletedAsync(client, second.Id));

        statuses.ShouldBe([HttpStatusCode.TooManyRequests, HttpStatusCode.OK]);
    }

    [Fact]
    public async Task What_gets_no_answer_for_a_minute_fails_with_its_key_and_can_go_on_with_it()
    {
        var time = new FakeTimeProvider();
        var (fault, sent) = ("", 0);
        var (services, client) = Client(
            async (request, send, _) =>
            {
                if (fault == "")
                    return await send();
                // The first request arrives, and is charged; no clock has to pass for its answer.
                request.Headers.Remove("Prefer");
                if (++sent == 1)
                    await send();
                return Broken(fault);
            },
            time
        );
        await using var closing = services;
        foreach (var broken in (string[])["connection", "handler", "cut"])
        {
            (fault, sent) = (broken, 0);
            var start = time.GetUtcNow();

            var lost = await Should.ThrowAsync<GatewayException>(FailsAsync(client.GenerateAsync(Cat(), broken), time));

            (lost.Status, lost.IdempotencyKey, sent).ShouldBe((default(HttpStatusCode), broken, 8));
            (time.GetUtcNow() - start).ShouldBeGreaterThan(TimeSpan.FromSeconds(60), broken);
            lost.Detail.ShouldContain("paid once");
            lost.InnerException.ShouldNotBeNull();
            fault = "";
            (await EndsAsync(client.GenerateAsync(Cat(), lost.IdempotencyKey))).Status.ShouldBe(GenerationResultStatus.COMPLETE);
        }
        _gateway.Leonardo.Invoice.Count.ShouldBe(3, "one charge for each key");
    }

    [Fact]
    public async Task A_time_out_of_its_own_is_a_failure_and_only_the_caller_cancels()
    {
        var time = new FakeTimeProvider();
        var (sent, silent) = (0, int.MaxValue);
        var (services, client) = Client(
            async (_, _, cancellationToken) =>
            {
                if (++sent <= silent)
                    await Task.Delay(Timeout.Infinite, cancellationToken);
                throw new HttpRequestException("The connection was reset.");
            },
            time,
            options => (options.Timeout, options.Attempts) = (TimeSpan.FromSeconds(5), 2)
        );
        await using var closing = services;

        var late = await Should.ThrowAsync<GatewayException>(FailsAsync(client.GenerateAsync(Cat(), "order-1"), time));
        (late.InnerException.ShouldBeOfType<TimeoutException>().Message, late.IdempotencyKey).ShouldBe(("none within 00:00:05", "order-1"));

        await CancelledAsync();
        // Also in the pause before the second attempt.
        silent = 0;
        await CancelledAsync();

        async Task CancelledAsync()
        {
            using var caller = new CancellationTokenSource();
            sent = 0;
            var call = client.GenerateAsync(Cat(), cancellationToken: caller.Token);
            await Eventually.HoldsAsync(() => sent == 1);
            await caller.CancelAsync();
            (await Should.ThrowAsync<OperationCanceledException>(call)).CancellationToken.ShouldBe(caller.Token);
        }
    }

    [Fact]
    public async Task A_deletion_whose_answer_is_lost_is_done()
    {
        var isLost = false;
        var (services, client) = Client(
            async (request, send, _) =>
            {
                var answer = await send();
                if (request.Method != HttpMethod.Delete || !isLost)
                    return answer;
                isLost = false;
                throw new HttpRequestException("The connection was reset.");
            },
            _gateway.Time
        );
        await using var closing = services;
        var made = await EndsAsync(client.GenerateAsync(Cat()));
        isLost = true;

        await EndsAsync(DeletedAsync(client, made.Id));

        isLost.ShouldBeFalse();
        (await Should.ThrowAsync<GatewayException>(EndsAsync(client.GetGenerationAsync(made.Id)))).Type.ShouldBe("/problems/not-found");
        (await Should.ThrowAsync<GatewayException>(EndsAsync(DeletedAsync(client, made.Id)))).Type.ShouldBe("/problems/not-found");
    }

    [Fact]
    public async Task The_stream_of_an_upload_stays_open_whether_it_was_taken_or_not()
    {
        var (services, client) = Client((_, send, _) => send(), _gateway.Time);
        await using var closing = services;
        using var png = new MemoryStream(TwoTenants.Png);
        using var gif = new MemoryStream(TwoTenants.Gif);

        (await EndsAsync(client.UploadAsync(png, "cat.png"))).Id.ShouldNotBe(default);
        (await Should.ThrowAsync<GatewayException>(EndsAsync(client.UploadAsync(gif, "cat.gif")))).Status.ShouldBe(
            HttpStatusCode.UnsupportedMediaType
        );

        (png.CanRead, gif.CanRead).ShouldBe((true, true));
    }

    private static HttpResponseMessage Broken(string fault) =>
        fault switch
        {
            "connection" => throw new HttpRequestException("The connection was reset."),
            "handler" => throw new InvalidOperationException("The circuit is open."),
            _ => new(HttpStatusCode.OK) { Content = new StreamContent(new CutStream()) },
        };

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

    private (ServiceProvider Services, GatewayClient Client) Client(
        Func<HttpRequestMessage, Func<Task<HttpResponseMessage>>, CancellationToken, Task<HttpResponseMessage>> network,
        TimeProvider time,
        Action<GatewayClientOptions>? configure = null
    )
    {
        var services = new ServiceCollection();
        services.AddSingleton(time);
        services
            .AddLeonardoGateway(options =>
            {
                (options.Address, options.Token) = (_gateway.Address, "a");
                configure?.Invoke(options);
            })
            .AddHttpMessageHandler(() => new Network(network));
        var provider = services.BuildServiceProvider();
        return (provider, provider.GetRequiredService<GatewayClient>());
    }

    private static async Task<bool> DeletedAsync(GatewayClient client, Guid id)
    {
        await client.DeleteGenerationAsync(id);
        return true;
    }

    /// <summary>While it runs, the gateway's clock passes.</summary>
    private async Task<T> EndsAsync<T>(Task<T> call)
    {
        await _gateway.PassAsync(() => call.IsCompleted);
        return await call;
    }

    /// <summary>While it runs, the client's own clock passes.</summary>
    private static async Task<T> FailsAsync<T>(Task<T> call, FakeTimeProvider time)
    {
        await Eventually.HoldsAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(2));
            return call.IsCompleted;
        });
        return await call;
    }

    private sealed class Network(
        Func<HttpRequestMessage, Func<Task<HttpResponseMessage>>, CancellationToken, Task<HttpResponseMessage>> network
    ) : DelegatingHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            network(request, () => base.SendAsync(request, cancellationToken), cancellationToken);
    }

    /// <summary>Its connection ends before its last byte.</summary>
    private sealed class CutStream : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            throw new HttpIOException(HttpRequestError.ResponseEnded);
    }
}
