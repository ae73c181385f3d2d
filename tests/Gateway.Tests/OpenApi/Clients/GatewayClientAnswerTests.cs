using System.Net;
using System.Text;
using Gateway.Tests.Harness;
using Leonardo.Gateway.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.OpenApi.Clients;

/// <summary>
/// How long a call of the package <c>Leonardo.Gateway.Client</c> takes at most, and what it makes of answers that no
/// gateway gives. Each test is the server: it answers the requests of one client.
/// </summary>
public sealed class GatewayClientAnswerTests
{
    private const string Id = "3f2504e0-4f89-61d3-9a0c-0305e82c3301";
    private const string Pending = $$"""
        { "generate": { "generationId": "{{Id}}" }, "generations_by_pk": { "id": "{{Id}}" }, "job": { "id": "{{Id}}", "status": "QUEUED" } }
        """;

    private static readonly Guid Generation = Guid.Parse(Id);

    private readonly FakeTimeProvider _time = new();

    private TimeSpan Elapsed => _time.GetUtcNow() - _time.Start;

    [Fact]
    public async Task A_generation_that_never_ends_is_asked_for_every_two_seconds_until_the_time_of_the_call_is_over()
    {
        var sent = new List<TimeSpan>();
        await using var services = Services(_ =>
        {
            sent.Add(Elapsed);
            return Answer(HttpStatusCode.OK, Pending);
        });
        var client = services.GetRequiredService<GatewayClient>();

        await CheckAsync(() => client.GenerateAsync(new(), "order-1"), ("order-1", Generation));
        await CheckAsync(() => client.WaitForGenerationAsync(Generation), (null, Generation));
        await CheckAsync(() => client.WaitForJobAsync(Generation), (null, null));
        new GatewayClientOptions().CallTimeout.ShouldBe(TimeSpan.FromMinutes(15));

        async Task CheckAsync(Func<Task> call, (string?, Guid?) names)
        {
            var before = Elapsed;
            sent.Clear();
            var late = await FailsAsync(call());

            (Elapsed - before).ShouldBeInRange(TimeSpan.FromSeconds(25), TimeSpan.FromSeconds(60));
            // The first poll follows the creation at once.
            sent.Skip(1).Zip(sent.Skip(2)).ShouldAllBe(pair => pair.Second - pair.First >= TimeSpan.FromSeconds(2));
            (late.Status, (late.IdempotencyKey, late.GenerationId)).ShouldBe((default, names));
            late.InnerException.ShouldBeOfType<TimeoutException>();
            late.Detail.ShouldContain(Id);
            late.Detail.ShouldContain("00:00:30");
        }
    }

    [Fact]
    public async Task Silence_and_long_pauses_take_no_longer_than_the_time_of_the_call()
    {
        var asked = new List<string>();
        await using var silent = Services(
            async cancellationToken =>
            {
                await Task.Delay(Timeout.Infinite, cancellationToken);
                throw new InvalidOperationException();
            },
            options => options.Timeout = TimeSpan.FromSeconds(20),
            request => asked.Add(string.Join(",", request.Headers.TryGetValues("Prefer", out var values) ? values : []))
        );
        var lost = await FailsAsync(silent.GetRequiredService<GatewayClient>().GenerateAsync(new(), "order-1"));
        (lost.IdempotencyKey, lost.InnerException is TimeoutException).ShouldBe(("order-1", true));
        // It must not be cut off before the gateway answers.
        asked[0].ShouldBe("wait=15");
        Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(60), "eight attempts would take three minutes");

        var start = Elapsed;
        await using var busy = Services(_ =>
            Task.FromResult(Problem(HttpStatusCode.ServiceUnavailable, "store-unavailable", retryAfter: 20))
        );
        var refused = await FailsAsync(busy.GetRequiredService<GatewayClient>().GetUsageAsync());
        (refused.Status, refused.RetryAfter).ShouldBe((HttpStatusCode.ServiceUnavailable, TimeSpan.FromSeconds(20)));
        (Elapsed - start).ShouldBeLessThan(TimeSpan.FromSeconds(60), "seven pauses would take more than two minutes");
    }

    [Theory]
    [InlineData("<html>", "text/html")]
    [InlineData("null", "application/json")]
    [InlineData("{", "application/json")]
    [InlineData("{}", "application/json")]
    [InlineData("""{"generations_by_pk":{}}""", "application/json")]
    [InlineData("""{"generate":{},"generations_by_pk":null,"job":null}""", "application/json")]
    [InlineData("{}", "application/json; charset=nonsense")]
    public async Task A_success_that_cannot_be_read_fails_at_once_with_its_status_and_key(string body, string type)
    {
        var sent = 0;
        await using var services = Services(_ =>
        {
            sent++;
            return Answer(HttpStatusCode.OK, body, type);
        });
        var client = services.GetRequiredService<GatewayClient>();

        var failure = await FailsAsync(client.GenerateAsync(new(), "order-1"));

        (failure.Status, failure.IdempotencyKey, sent).ShouldBe((HttpStatusCode.OK, "order-1", 1));
        failure.Detail.ShouldContain("cannot be read");
        (await FailsAsync(client.WaitForGenerationAsync(Generation))).GenerationId.ShouldBe(Generation);
        (await FailsAsync(client.WaitForJobAsync(Generation))).Status.ShouldBe(HttpStatusCode.OK);
        sent.ShouldBe(3);
    }

    [Theory]
    [InlineData("{", "application/problem+json")]
    [InlineData("{}", "application/problem+json")]
    [InlineData("null", "application/problem+json")]
    [InlineData("""{"type":"/problems/validation","detail":"x"}""", "application/problem+json; charset=nonsense")]
    [InlineData("Oops", "text/plain; charset=nonsense")]
    public async Task A_refusal_that_cannot_be_read_keeps_its_status(string body, string type)
    {
        var sent = 0;
        await using var services = Services(_ =>
        {
            sent++;
            return Answer(HttpStatusCode.BadRequest, body, type);
        });

        var refusal = await FailsAsync(services.GetRequiredService<GatewayClient>().GenerateAsync(new(), "order-1"));

        (refusal.Status, refusal.IdempotencyKey, sent).ShouldBe((HttpStatusCode.BadRequest, "order-1", 1));
        refusal.Detail.ShouldNotBeEmpty();
        refusal.Type.ShouldNotBeNull();
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(500, true)]
    [InlineData(502, true)]
    [InlineData(503, true)]
    [InlineData(429, false)]
    public async Task What_is_not_found_was_deleted_only_if_an_earlier_attempt_may_have_deleted_it(int first, bool isDone)
    {
        var sent = 0;
        await using var services = Services(_ =>
            ++sent > 1 ? Task.FromResult(Problem(HttpStatusCode.NotFound, "not-found"))
            : first == 0 ? throw new HttpRequestException("The connection was reset.")
            : Task.FromResult(Problem((HttpStatusCode)first, "store-unavailable"))
        );

        var deleting = services.GetRequiredService<GatewayClient>().DeleteGenerationAsync(Generation);

        if (isDone)
            await PassAsync(deleting);
        else
            (await FailsAsync(deleting)).Status.ShouldBe(HttpStatusCode.NotFound);
        sent.ShouldBe(2);
    }

    private ServiceProvider Services(
        Func<CancellationToken, Task<HttpResponseMessage>> answer,
        Action<GatewayClientOptions>? configure = null,
        Action<HttpRequestMessage>? look = null
    )
    {
        var services = new ServiceCollection();
        services.AddSingleton<TimeProvider>(_time);
        services
            .AddLeonardoGateway(options =>
            {
                (options.Address, options.CallTimeout) = (new Uri("http://gateway.internal"), TimeSpan.FromSeconds(30));
                configure?.Invoke(options);
            })
            .ConfigurePrimaryHttpMessageHandler(() => new Server(answer, look));
        return services.BuildServiceProvider();
    }

    private static Task<HttpResponseMessage> Answer(HttpStatusCode status, string body, string type = "application/json")
    {
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content.Headers.TryAddWithoutValidation("Content-Type", type);
        return Task.FromResult(new HttpResponseMessage(status) { Content = content });
    }

    private static HttpResponseMessage Problem(HttpStatusCode status, string name, int? retryAfter = null)
    {
        var answer = new HttpResponseMessage(status)
        {
            Content = new StringContent($$"""{"type":"/problems/{{name}}","detail":"x"}""", null, "application/problem+json"),
        };
        if (retryAfter is { } seconds)
            answer.Headers.RetryAfter = new(TimeSpan.FromSeconds(seconds));
        return answer;
    }

    private async Task<GatewayException> FailsAsync(Task call)
    {
        await PassAsync(call);
        return await Should.ThrowAsync<GatewayException>(call);
    }

    /// <summary>The clock passes until the call ends.</summary>
    private Task PassAsync(Task call) =>
        Eventually.HoldsAsync(() =>
        {
            if (call.IsCompleted)
                return true;
            _time.Advance(TimeSpan.FromSeconds(1));
            return false;
        });

    private sealed class Server(Func<CancellationToken, Task<HttpResponseMessage>> answer, Action<HttpRequestMessage>? look)
        : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            look?.Invoke(request);
            return answer(cancellationToken);
        }
    }
}
