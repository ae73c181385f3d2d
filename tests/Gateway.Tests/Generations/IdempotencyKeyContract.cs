using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Gateway.Admin;
using Gateway.Tests.Docs;
using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;
using Leonardo.Simulator;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Generations;

/// <summary>
/// Which refusals free an Idempotency-Key, and which stay with it: a row of the table in docs/http-statuses.md each.
/// </summary>
public abstract class IdempotencyKeyContract : IAsyncLifetime
{
    private const string Good = """{"model":"flux-pro-2.0","parameters":{"prompt":"A cat","width":256,"height":256,"quantity":1}}""";

    private static readonly Dictionary<string, Func<GatewayApp, Task<HttpResponseMessage>>> Refusals = new(StringComparer.Ordinal)
    {
        ["malformed-request"] = gateway => SendAsync(gateway, Good + "x"),
        ["validation"] = gateway => SendAsync(gateway, Good.Replace("256", "1", StringComparison.Ordinal)),
        ["unidentified"] = gateway => SendAsync(gateway, Good, ("authorization", "Bearer wrong")),
        ["policy"] = gateway => SendAsync(gateway, Good.Replace("1}", "5}", StringComparison.Ordinal)),
        ["host-not-allowed"] = gateway => SendAsync(gateway, Good, ("Host", "gateway.example.com")),
        ["cross-site"] = gateway => SendAsync(gateway, Good, ("Sec-Fetch-Site", "cross-site")),
        ["too-large"] = gateway => SendAsync(gateway, Good + new string(' ', 200_000)),
        ["unsupported-media-type"] = gateway => SendAsync(gateway, Good, ("Content-Encoding", "gzip")),
        ["quota-exceeded"] = gateway => SendAsync(gateway, Good.Replace("1}", "4}", StringComparison.Ordinal)),
        ["suspended"] = SuspendedAsync,
        ["upstream-credentials"] = gateway => ScriptedAsync(gateway, "bad-key-401"),
        ["upstream-out-of-credit"] = gateway => ScriptedAsync(gateway, "out-of-credit-200"),
        ["upstream-saturated"] = gateway => ScriptedAsync(gateway, "rate-limit-429"),
        ["upstream-rejected"] = gateway => ScriptedAsync(gateway, "moderation-400"),
        ["outcome-unknown"] = gateway => ScriptedAsync(gateway, "reset-after"),
    };

    /// <summary>
    /// Another route, or a test of its own: here, of the store's or the issuer's outage, or of a bug.
    /// </summary>
    private static readonly string[] Elsewhere =
    [
        "upstream-unreachable",
        "store-unavailable",
        "identity-unavailable",
        "internal",
        "not-found",
        "method-not-allowed",
        "not-acceptable",
    ];

    private GatewayApp _gateway = null!;

    public static TheoryData<string> Problems => [.. Refusals.Keys];

    public async ValueTask InitializeAsync() => _gateway = await StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _gateway.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Theory]
    [MemberData(nameof(Problems))]
    public async Task A_key_is_free_after_a_refusal_or_repeats_it_as_the_table_says(string problem)
    {
        var isKept = Documented()[problem];
        using var refused = await Refusals[problem](_gateway);
        (await refused.JsonAsync())["type"]!.GetValue<string>().ShouldBe("/problems/" + problem);

        var repeating = SendAsync(_gateway, Good);
        // After "too many" everything pauses for as long as Leonardo says, by the clock of the store.
        await _gateway.PassAsync(() => repeating.IsCompleted, pace: 200);
        using var again = await repeating;

        if (isKept)
        {
            (await again.JsonAsync())["type"]!.GetValue<string>().ShouldBe("/problems/" + problem);
            again.Headers.GetValues("Idempotency-Replayed").ShouldBe(["true"]);
            return;
        }
        again.StatusCode.ShouldBe(HttpStatusCode.OK);
        again.Headers.Contains("Idempotency-Replayed").ShouldBeFalse();
        _gateway.Leonardo.Invoice.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_key_is_free_after_Leonardo_could_not_be_reached()
    {
        Documented()["upstream-unreachable"].ShouldBeFalse();
        var port = Ports.Free();
        await using var gateway = await StartAsync(new Uri($"http://127.0.0.1:{port}/api/rest"));
        await (await SendAsync(gateway, Good)).ProblemAsync(502, "upstream-unreachable");

        await using var leonardo = await LeonardoSimulator.StartAsync(
            new SimulatorOptions
            {
                Port = port,
                Key = gateway.Leonardo.Key,
                Time = gateway.Time,
            },
            TestContext.Current.CancellationToken
        );
        using var again = await SendAsync(gateway, Good);

        again.StatusCode.ShouldBe(HttpStatusCode.OK);
        leonardo.Invoice.Count.ShouldBe(1);
    }

    [Fact]
    public void Every_row_of_the_table_has_a_test() =>
        Documented().Keys.Except(Elsewhere, StringComparer.Ordinal).ShouldBe(Refusals.Keys, ignoreOrder: true);

    private protected abstract Task<(string Name, string Value)[]> StoreAsync();

    private async Task<GatewayApp> StartAsync(Uri? upstream = null) =>
        await GatewayApp.StartAsync(
            GatewayApp.Tenants(
                """{ "id": "team", "identify": { "networks": ["127.0.0.0/8"] }, "policy": { "maxQuantity": 4 }, "quota": { "imagesPerDay": 3 } }"""
            ),
            upstream,
            settings: await StoreAsync()
        );

    /// <summary>Whether the key is kept, by problem; without those that have nothing to do with a key.</summary>
    private static Dictionary<string, bool> Documented() =>
        Documents
            .Rows("docs/http-statuses.md")
            .Where(row => row[0].StartsWith('`') && (row[5] == "free" || row[5].StartsWith("kept", StringComparison.Ordinal)))
            .ToDictionary(row => row[0].Trim('`'), row => row[5] != "free", StringComparer.Ordinal);

    private static async Task<HttpResponseMessage> SuspendedAsync(GatewayApp gateway)
    {
        var suspensions = gateway.Services.GetRequiredService<Suspensions>();
        await suspensions.SetAsync("team", suspended: true, "a test", "to see", CancellationToken.None);
        var refused = await SendAsync(gateway, Good);
        await suspensions.SetAsync("team", suspended: false, "a test", "seen", CancellationToken.None);
        return refused;
    }

    private static Task<HttpResponseMessage> ScriptedAsync(GatewayApp gateway, string fault)
    {
        gateway.Leonardo.ScriptNext(fault);
        return SendAsync(gateway, Good);
    }

    private static Task<HttpResponseMessage> SendAsync(GatewayApp gateway, string body, (string Name, string Value)? header = null)
    {
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        if (header is { Name: "Content-Encoding", Value: var encoding })
            content.Headers.ContentEncoding.Add(encoding);
        (string, string) key = ("Idempotency-Key", "k");
        return gateway.SendAsync(HttpMethod.Post, "/v2/generations", content, header is { } one ? [key, one] : [key]);
    }
}

public sealed class SqliteIdempotencyKeyTests : IdempotencyKeyContract
{
    private protected override Task<(string Name, string Value)[]> StoreAsync() => Task.FromResult<(string, string)[]>([]);
}

public sealed class PostgreSqlIdempotencyKeyTests : IdempotencyKeyContract
{
    private protected override async Task<(string Name, string Value)[]> StoreAsync()
    {
        Tools.NeedPostgreSql();
        var server = await PostgreSqlServer.SharedAsync();
        return [("Storage:Engine", "PostgreSql"), ("Storage:ConnectionString", await server.CreateDatabaseAsync())];
    }
}
