using System.Text;
using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;

namespace Gateway.Tests.RawSocket;

/// <summary>
/// Clients put non-ASCII text into a header in Latin-1 or in UTF-8. Either way the answer is the gateway's own, not the
/// bare 400 of the server.
/// </summary>
public sealed class IdempotencyKeyBytesTests(HostileGatewayFixture fixture) : IClassFixture<HostileGatewayFixture>
{
    [Theory]
    [InlineData("Idempotency-Key", "latin1")]
    [InlineData("idempotency-key", "latin1")]
    [InlineData("Idempotency-Key", "utf-8")]
    public async Task A_key_that_is_not_ascii_is_refused_with_a_problem(string header, string encoding)
    {
        // One character for each byte: the connection sends Latin-1.
        var key = Encoding.Latin1.GetString(Encoding.GetEncoding(encoding).GetBytes("für-müller"));

        var answer = await PostAsync($"{header}: {key}");

        answer.ShouldStartWith("HTTP/1.1 400 ");
        answer.ShouldContain("/problems/malformed-request");
        answer.ShouldContain("Idempotency-Key has a character outside ASCII");
        answer.ShouldContain("1 to 255 visible ASCII characters");
    }

    [Theory]
    [InlineData("latin1")]
    [InlineData("utf-8")]
    public async Task A_label_of_a_person_that_is_not_ascii_is_refused_with_a_problem(string encoding)
    {
        var answer = await PostAsync($"X-User-Label: {Encoding.Latin1.GetString(Encoding.GetEncoding(encoding).GetBytes("müller"))}");

        answer.ShouldStartWith("HTTP/1.1 400 ");
        answer.ShouldContain("/problems/validation");
        answer.ShouldContain("#/X-User-Label");
    }

    [Fact]
    public async Task A_key_that_is_sent_twice_is_refused_with_a_problem()
    {
        var answer = await PostAsync("Idempotency-Key: a\r\nIdempotency-Key: b");

        answer.ShouldStartWith("HTTP/1.1 400 ");
        answer.ShouldContain("Idempotency-Key was sent 2 times");
    }

    private Task<string> PostAsync(string headers) =>
        RawConnection.ExchangeAsync(
            fixture.Process.Gateway.Address,
            $"POST /v2/generations HTTP/1.1\r\nHost: localhost\r\n{headers}\r\nContent-Type: application/json\r\n"
                + $"Content-Length: {GatewayApp.Guide.Length}\r\nConnection: close\r\n\r\n{GatewayApp.Guide}"
        );
}
