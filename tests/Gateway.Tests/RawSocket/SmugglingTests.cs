using System.Globalization;
using System.Text.RegularExpressions;
using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;
using Gateway.Tests.Hostile;

namespace Gateway.Tests.RawSocket;

/// <summary>
/// Bytes that two parsers may read as different requests get 400 or a closed connection, and a body is never run as a
/// second request (T-E1, T-E2, T-E4, T-E5).
/// </summary>
public sealed partial class SmugglingTests(HostileGatewayFixture fixture) : IClassFixture<HostileGatewayFixture>
{
    private const string Head = "POST /v2/generations HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";

    private static readonly string Whole = Head + "Connection: close\r\n" + Length(GatewayApp.Guide) + "\r\n" + GatewayApp.Guide;

    private static readonly string Chunked = Chunk(GatewayApp.Guide) + "0\r\n\r\n";

    private readonly HostileGateway _process = fixture.Process;

    /// <summary>By name; each hides a second request where a confused parser would find it.</summary>
    public static TheoryData<string, string> Smuggled =>
        new()
        {
            { "CL.TE", Head + $"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n{Chunked}{Whole}" },
            {
                "CL.TE, the hidden one in the length",
                Head + $"Content-Length: {5 + Whole.Length}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{Whole}"
            },
            { "TE.CL", Head + $"Transfer-Encoding: chunked\r\nContent-Length: {Chunked.Length}\r\n\r\n{Chunked}{Whole}" },
            {
                "TE, CL and the server's own mark",
                Head + $"X-Content-Length: 1\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n{Chunked}{Whole}"
            },
            { "TE and the server's own mark", Head + $"X-Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n{Chunked}{Whole}" },
            { "TE.TE", Head + $"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n{Chunked}{Whole}" },
            { "TE identity", Head + $"Transfer-Encoding: identity\r\n\r\n{GatewayApp.Guide}{Whole}" },
            { "TE xchunked", Head + $"Transfer-Encoding: xchunked\r\n\r\n{Chunked}{Whole}" },
            { "TE gzip", Head + $"Transfer-Encoding: gzip\r\n\r\n{Chunked}{Whole}" },
            { "TE chunked, identity", Head + $"Transfer-Encoding: chunked, identity\r\n\r\n{Chunked}{Whole}" },
            { "TE, a vertical tab", Head + $"Transfer-Encoding: \vchunked\r\n\r\n{Chunked}{Whole}" },
            { "TE quoted", Head + $"Transfer-Encoding: \"chunked\"\r\n\r\n{Chunked}{Whole}" },
            { "TE folded", Head + $"Transfer-Encoding:\r\n chunked\r\n\r\n{Chunked}{Whole}" },
            { "TE, a space before the colon", Head + $"Transfer-Encoding : chunked\r\n\r\n{Chunked}{Whole}" },
            { "TE after a bare LF", Head + $"X: y\nTransfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n{Chunked}{Whole}" },
            {
                "TE in HTTP/1.0 (F5)",
                (Head + $"Transfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n{Chunked}{Whole}").Replace(
                    "HTTP/1.1",
                    "HTTP/1.0",
                    StringComparison.Ordinal
                )
            },
            { "CL twice, the same", Head + Length(GatewayApp.Guide) + Length(GatewayApp.Guide) + $"\r\n{GatewayApp.Guide}{Whole}" },
            { "CL twice, different", Head + Length(GatewayApp.Guide) + $"Content-Length: 0\r\n\r\n{GatewayApp.Guide}{Whole}" },
            {
                "CL as a list",
                Head + $"Content-Length: {GatewayApp.Guide.Length}, {GatewayApp.Guide.Length}\r\n\r\n{GatewayApp.Guide}{Whole}"
            },
            { "CL negative", Head + $"Content-Length: -1\r\n\r\n{GatewayApp.Guide}{Whole}" },
            { "CL hexadecimal", Head + $"Content-Length: 0x46\r\n\r\n{GatewayApp.Guide}{Whole}" },
            { "CL with a fraction", Head + $"Content-Length: 70.0\r\n\r\n{GatewayApp.Guide}{Whole}" },
            { "CL with a separator", Head + $"Content-Length: 7_0\r\n\r\n{GatewayApp.Guide}{Whole}" },
            { "CL beyond 64 bits", Head + $"Content-Length: 18446744073709551686\r\n\r\n{GatewayApp.Guide}{Whole}" },
            { "CL empty", Head + $"Content-Length: \r\n\r\n{GatewayApp.Guide}{Whole}" },
            { "CL of other digits", Head + $"Content-Length: \u00b2\u00b3\r\n\r\n{GatewayApp.Guide}{Whole}" },
            { "chunk size not a number", Bad("xyz\r\n") },
            { "chunk size negative", Bad("-5\r\n") },
            { "chunk size with 0x", Bad("0x46\r\n") },
            { "chunk size overflows 32 bits (F6)", Bad("FFFFFFFF\r\n") },
            { "chunk size overflows 32 bits by one digit (F6)", Bad("100000046\r\n") },
            { "chunk size overflows 64 bits (F6)", Bad("10000000000000046\r\n") },
            { "chunk size without an end", Bad(new string('0', 20_000)) },
            { "chunk extension without an end", Bad("46;" + new string('a', 400_000)) },
            { "chunk longer than its size", Bad("5\r\n" + GatewayApp.Guide + "\r\n0\r\n\r\n") },
            { "chunk that ends in LF", Bad("46\n" + GatewayApp.Guide + "\n0\n\n") },
            { "chunk that ends in nothing", Bad("46\r\n" + GatewayApp.Guide + "0\r\n\r\n") },
            { "chunk size empty", Bad("\r\n") },
        };

    [Theory]
    [MemberData(nameof(Smuggled))]
    public async Task An_ambiguous_request_is_refused_or_closed_and_not_forwarded(string name, string request)
    {
        var before = _process.Sent.Count;
        var answer = await RawConnection.ExchangeAsync(_process.Gateway.Address, request);
        var statuses = Statuses(answer);
        statuses.Length.ShouldBeLessThanOrEqualTo(1, $"{name}: {answer}");
        statuses.ShouldAllBe(status => status >= 400 && status < 500 || status == 501, $"{name}: {answer}");
        _process.Sent.Count.ShouldBe(before, $"{name}: {answer}");
    }

    [Fact]
    public async Task A_signed_content_length_is_accepted_by_a_known_bug_of_the_runtime()
    {
        // P-4; RFC 9112, 6.3: "+70" must be refused. Kestrel reads it as 70; a proxy in front refuses it (SECURITY.md).
        // When this fails, the runtime is fixed: move the request to the others and remove it from SECURITY.md.
        var request = Head + $"Content-Length: +{GatewayApp.Guide.Length}\r\nConnection: close\r\n\r\n{GatewayApp.Guide}";
        Statuses(await RawConnection.ExchangeAsync(_process.Gateway.Address, request)).ShouldBe([200]);
    }

    [Fact]
    public async Task Valid_chunks_are_one_request_and_trailers_are_not_headers()
    {
        var before = _process.Sent.Count;
        var request =
            Head
            + $"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n{Chunk(GatewayApp.Guide[..10])}{Chunk(GatewayApp.Guide[10..])}0\r\nX-Tenant-Id: other\r\nAuthorization: Bearer x\r\n\r\n";
        Statuses(await RawConnection.ExchangeAsync(_process.Gateway.Address, request)).ShouldBe([200]);
        _process.Sent.Count.ShouldBe(before + 1);
        _process.Sent[^1].Headers.Select(header => header.Key).ShouldNotContain("X-Tenant-Id");
        _process.Sent[^1].Header("authorization").ShouldBe("Bearer " + _process.Leonardo.Key);
    }

    [Fact]
    public async Task Without_a_length_there_is_no_body_and_no_second_request()
    {
        var before = _process.Sent.Count;
        Statuses(await RawConnection.ExchangeAsync(_process.Gateway.Address, Head + $"\r\n{GatewayApp.Guide}\r\n\r\n"))
            .ShouldBe([400, 400]);
        _process.Sent.Count.ShouldBe(before);
    }

    [Theory]
    [InlineData("GET", "/v2/generations")]
    [InlineData("POST", "/nowhere")]
    [InlineData("POST", "/v2/models")]
    [InlineData("DELETE", "/v2/generations")]
    public async Task A_request_inside_the_body_of_a_refused_one_is_never_run(string method, string path)
    {
        var before = _process.Sent.Count;
        var request = $"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {Whole.Length}\r\n\r\n{Whole}";
        var statuses = Statuses(await RawConnection.ExchangeAsync(_process.Gateway.Address, request));
        statuses.Length.ShouldBe(1);
        statuses[0].ShouldBeOneOf(404, 405);
        _process.Sent.Count.ShouldBe(before);
    }

    internal static int[] Statuses(string answer) =>
        [.. StatusLine().Matches(answer).Select(line => int.Parse(line.Groups["status"].Value, CultureInfo.InvariantCulture))];

    private static string Length(string body) => string.Create(CultureInfo.InvariantCulture, $"Content-Length: {body.Length}\r\n");

    private static string Chunk(string content) => string.Create(CultureInfo.InvariantCulture, $"{content.Length:x}\r\n{content}\r\n");

    private static string Bad(string chunks) => Head + "Transfer-Encoding: chunked\r\n\r\n" + chunks + Whole;

    [GeneratedRegex(
        @"HTTP/1\.1 (?<status>\d{3})",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex StatusLine();
}
