using System.Text.Json;
using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;
using Gateway.Tests.Hostile;

namespace Gateway.Tests.RawSocket;

/// <summary>A caller can forge neither a log line nor a response header, with any input (T-E14, T-F1).</summary>
public sealed class InjectionTests
{
    private const string Canary = "forged-4713";

    private static readonly string[] Tricks =
    [
        "%0d%0aX-Injected:%201",
        "%0a{\"@t\":\"2026-01-01\",\"@m\":\"x\"}",
        "{@x}{0}{$y}",
        "\u001b[2J\u001b]0;x\u0007",
        "\u00e2\u0080\u00a8",
        "\u0085",
        "\"}",
        "\\u000a",
        "<script>",
    ];

    [Fact]
    public async Task A_caller_can_forge_neither_a_log_line_nor_a_response_header()
    {
        await using var process = await HostileGateway.StartAsync(("Logging__Level", "Verbose"));
        foreach (var trick in Tricks)
        {
            foreach (var request in Requests(trick + Canary))
            {
                var answer = await RawConnection.ExchangeAsync(process.Gateway.Address, request);
                SmugglingTests.Statuses(answer).Length.ShouldBeLessThanOrEqualTo(1, answer);
                var head = answer.Split("\r\n\r\n")[0];
                head.ShouldNotContain(Canary);
                head.ShouldNotContain("X-Injected");
            }
        }
        await process.IsAliveAsync();
        await process.Gateway.StopAsync();

        var lines = process.Gateway.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        lines.Length.ShouldBeGreaterThan(Tricks.Length);
        foreach (var line in lines)
        {
            using var json = JsonDocument.Parse(line);
            json.RootElement.GetProperty("@t").GetDateTimeOffset().Year.ShouldBeGreaterThan(2000);
            line.ShouldNotContain(Canary);
        }
    }

    private static IEnumerable<string> Requests(string text)
    {
        var path = text.Replace(' ', '+');
        string Post(string target, string header, string body) =>
            $"POST {target} HTTP/1.1\r\nHost: localhost\r\n{header}\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}";
        yield return Post("/" + path, "X: y", GatewayApp.Guide);
        yield return Post("/v2/generations?" + path, "X: y", "{}");
        yield return Post("/problems/" + path, "X: y", "");
        yield return Post("/v1/generations/" + path, "X: y", "");
        foreach (
            var name in new[]
            {
                "X-Request-Id",
                "User-Agent",
                "Referer",
                "Origin",
                "Idempotency-Key",
                "traceparent",
                "tracestate",
                "baggage",
                "X-Tenant-Id",
                "X-Forwarded-For",
                "Authorization",
                "Accept",
                "Prefer",
            }
        )
            yield return Post("/v2/generations", $"{name}: {text}", "{}");
        yield return Post(
            "/v2/generations",
            "X: y",
            $$"""{"model":{{JsonSerializer.Serialize(text)}},{{JsonSerializer.Serialize(text)}}:1}"""
        );
        yield return $"{Canary} /v2/models HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    }
}
