using System.Text;
using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;

namespace Gateway.Tests.Edge;

/// <summary>
/// Where callers reach the gateway, read off the help link of a problem. One case a line: peer, address, headers sent.
/// </summary>
public sealed class PublicAddressTests(PublicAddressTests.Gate gate) : IClassFixture<PublicAddressTests.Gate>
{
    private const string Caller = "127.0.0.10",
        Proxy = "127.0.0.99";

    [Theory]
    // The request itself.
    [InlineData(Caller, "http://gateway")]
    [InlineData(Caller, "http://10.20.0.7:8080", "Host: 10.20.0.7:8080")]
    [InlineData(Caller, "http://[fd00::7]:8080", "Host: [fd00::7]:8080")]
    [InlineData(Caller, "http://gateway", "Host: gateway:80")]
    [InlineData(Caller, "http://gateway:443", "Host: gateway:443")]
    [InlineData(Caller, "", "Host:")]
    // What an untrusted peer forwards has no effect.
    [InlineData(Caller, "http://gateway", "X-Forwarded-Proto: https", "X-Forwarded-Host: evil.example", "X-Forwarded-Prefix: /evil")]
    [InlineData(
        Caller,
        "http://gateway",
        "Forwarded: host=evil.example;proto=https",
        "X-Original-Host: evil.example",
        "X-Host: evil.example"
    )]
    [InlineData(Proxy, "http://gateway", "Forwarded: host=evil.example;proto=https", "X_Forwarded_Host: evil.example")]
    // A trusted proxy.
    [InlineData(Proxy, "http://gateway")]
    [InlineData(Proxy, "https://gateway", "X-Forwarded-Proto: https")]
    [InlineData(Proxy, "https://gateway", "X-Forwarded-Proto: HTTPS")]
    [InlineData(Proxy, "http://img.example", "X-Forwarded-Host: img.example")]
    [InlineData(Proxy, "http://img.example:8443", "X-Forwarded-Host: img.example:8443")]
    [InlineData(Proxy, "http://[2001:db8::7]:8443", "X-Forwarded-Host: [2001:db8::7]:8443")]
    [InlineData(Proxy, "https://img.example", "X-Forwarded-Host: img.example:443", "X-Forwarded-Proto: https")]
    [InlineData(Proxy, "http://gateway/leonardo", "X-Forwarded-Prefix: /leonardo")]
    [InlineData(Proxy, "http://gateway/leonardo", "X-Forwarded-Prefix: /leonardo/")]
    [InlineData(Proxy, "http://gateway/a/b.c_d~e-f", "X-Forwarded-Prefix: /a/b.c_d~e-f")]
    [InlineData(Proxy, "http://gateway", "X-Forwarded-Prefix: /")]
    [InlineData(
        Proxy,
        "https://img.example/leonardo",
        "X-Forwarded-Proto: https",
        "X-Forwarded-Host: img.example",
        "X-Forwarded-Prefix: /leonardo"
    )]
    // Of several values the left-most.
    [InlineData(Proxy, "https://gateway", "X-Forwarded-Proto: https, http")]
    [InlineData(Proxy, "http://gateway", "X-Forwarded-Proto: http, https")]
    [InlineData(Proxy, "http://img.example", "X-Forwarded-Host: img.example , gateway:8080")]
    [InlineData(Proxy, "http://img.example", "X-Forwarded-Host: img.example", "X-Forwarded-Host: gateway:8080")]
    [InlineData(Proxy, "http://gateway/a", "X-Forwarded-Prefix: /a, /b")]
    // A value that is not exactly one of its kind is ignored.
    [InlineData(Proxy, "http://gateway", "X-Forwarded-Proto: https://")]
    [InlineData(Proxy, "http://gateway", "X-Forwarded-Proto: javascript")]
    [InlineData(Proxy, "http://gateway", "X-Forwarded-Proto: https http")]
    [InlineData(Proxy, "http://gateway", "X-Forwarded-Proto:")]
    [InlineData(Proxy, "http://gateway", "X-Forwarded-Proto: , https")]
    [InlineData(Proxy, "http://gateway", "X-Forwarded-Host: img.example/path")]
    [InlineData(Proxy, "http://gateway", "X-Forwarded-Host: https://img.example")]
    [InlineData(Proxy, "http://gateway", "X-Forwarded-Host: user@img.example")]
    [InlineData(Proxy, "http://gateway", "X-Forwarded-Host: img.example img.example")]
    [InlineData(Proxy, "http://gateway", "X-Forwarded-Host: img.example:")]
    [InlineData(Proxy, "http://gateway", "X-Forwarded-Host: img.example:0")]
    [InlineData(Proxy, "http://gateway", "X-Forwarded-Host: img.example:65536")]
    [InlineData(Proxy, "http://gateway", "X-Forwarded-Host: img.example>;rel=x")]
    [InlineData(Proxy, "http://gateway", "X-Forwarded-Host: [img.example]")]
    [InlineData(Proxy, "http://gateway", "X-Forwarded-Host: [fe80::1%25eth0]")]
    [InlineData(Proxy, "http://gateway", "X-Forwarded-Host: .")]
    [InlineData(Proxy, "http://gateway", "X-Forwarded-Host: \u0456mg.example")]
    [InlineData(Proxy, "http://gateway", "X-Forwarded-Host: , img.example")]
    [InlineData(Proxy, "http://gateway", "X-Forwarded-Prefix: leonardo")]
    [InlineData(Proxy, "http://gateway", "X-Forwarded-Prefix: //evil.example")]
    [InlineData(Proxy, "http://gateway", "X-Forwarded-Prefix: /a//b")]
    [InlineData(Proxy, "http://gateway", "X-Forwarded-Prefix: /a/../b")]
    [InlineData(Proxy, "http://gateway", "X-Forwarded-Prefix: /a%2fb")]
    [InlineData(Proxy, "http://gateway", "X-Forwarded-Prefix: /a?b")]
    [InlineData(Proxy, "http://gateway", "X-Forwarded-Prefix: /a\\b")]
    [InlineData(Proxy, "http://gateway", "X-Forwarded-Prefix: /a b")]
    [InlineData(Proxy, "http://gateway", "X-Forwarded-Prefix: /a:b")]
    public async Task A_caller_with_these_headers_reaches_the_gateway_at(string from, string address, params string[] headers)
    {
        using var response = await gate.Gateway.GetRawAsync(from, "/nowhere", headers);

        HelpOf(response).ShouldBe($"<{address}/problems/not-found>; rel=\"help\"");
        (await response.JsonAsync())["type"]!.GetValue<string>().ShouldBe("/problems/not-found");
    }

    [Theory]
    [InlineData("https://img.example.internal/leonardo")]
    [InlineData("https://img.example.internal/leonardo/", "https://img.example.internal/leonardo")]
    [InlineData("http://10.0.0.7:8080")]
    [InlineData("https://img.example.internal:443/", "https://img.example.internal")]
    public async Task PublicUrl_decides_over_every_header(string setting, string? address = null)
    {
        await using var gateway = await GatewayApp.StartAsync(settings: [("PublicUrl", setting), ("Identification:TrustedProxies", Proxy)]);

        foreach (var from in (string[])[Caller, Proxy])
        {
            using var response = await gateway.GetRawAsync(
                from,
                "/nowhere",
                "X-Forwarded-Proto: http",
                "X-Forwarded-Host: other.example",
                "X-Forwarded-Prefix: /other"
            );

            HelpOf(response).ShouldBe($"<{address ?? setting}/problems/not-found>; rel=\"help\"");
        }
    }

    /// <summary>Location is a path, right whatever a proxy did to the host; addresses in bodies are whole.</summary>
    [Fact]
    public async Task Every_address_that_the_gateway_tells_has_the_public_one()
    {
        const string Root = "https://img.example.internal/leonardo";
        await using var gateway = await GatewayApp.StartAsync(settings: ("PublicUrl", Root));

        using var made = await gateway.PostAsync(GatewayApp.Guide);
        var id = (await made.JsonAsync())["generate"]!["generationId"]!.GetValue<string>();
        made.Headers.Location!.OriginalString.ShouldBe($"/leonardo/v1/generations/{id}");

        gateway.Time.Advance(TimeSpan.FromMinutes(1));
        await Eventually.HoldsAsync(async () =>
        {
            gateway.Time.Advance(TimeSpan.FromSeconds(5));
            using var read = await gateway.GetAsync($"/v1/generations/{id}");
            var images = (await read.JsonAsync())["generations_by_pk"]!["generated_images"]!.AsArray();
            return images.Count > 0
                && images.All(image =>
                    image!["url"]!.GetValue<string>().StartsWith($"{Root}/v1/generations/{id}/images/", StringComparison.Ordinal)
                );
        });
        using var list = await gateway.GetAsync("/v1/generations");
        (await list.TextAsync()).ShouldContain($"{Root}/v1/generations/{id}/images/");

        using var upload = await gateway.PostAsync("""{"extension":"png"}""", "/v1/init-image");
        var form = (await upload.JsonAsync())["uploadInitImage"]!;
        form["url"]!.GetValue<string>().ShouldStartWith($"{Root}/v1/init-image/{form["id"]}/upload/");
        using var uploaded = await gateway.GetAsync($"/v1/init-image/{form["id"]}");
        (await uploaded.JsonAsync())["init_images_by_pk"]!["url"]!.GetValue<string>().ShouldBe($"{Root}/v1/init-image/{form["id"]}/image");

        using var document = await gateway.GetAsync("/swagger/v1/swagger.json");
        (await document.JsonAsync())["servers"]!.AsArray().ShouldHaveSingleItem()!["url"]!.GetValue<string>().ShouldBe(Root);
    }

    /// <summary>A page is the gateway's own by the address that its reader sees, not by the request's Host.</summary>
    [Theory]
    [InlineData("200", "Origin: https://img.example.com")]
    [InlineData("200", "Host: img.example.com", "Origin: https://img.example.com")]
    [InlineData("200", "Host: img.example.com:443")]
    [InlineData("cross-site", "Origin: http://gateway")]
    [InlineData("cross-site", "Origin: http://img.example.com")]
    [InlineData("cross-site", "Origin: https://img.example.com.evil.example")]
    [InlineData("host-not-allowed", "Host: evil.example")]
    [InlineData("host-not-allowed", "Host: evil.example", "Origin: https://img.example.com")]
    public async Task With_PublicUrl_a_page_of_its_origin_is_the_gateways_own(string outcome, params string[] headers)
    {
        await using var gateway = await GatewayApp.StartAsync(settings: ("PublicUrl", "https://img.example.com/leonardo"));

        using var response = await gateway.AskAsync(Caller, headers);

        if (outcome == "200")
            (await response.OutcomeAsync()).ShouldBe("team by network", await response.TextAsync());
        else
            await response.ProblemAsync(403, outcome);
    }

    [Theory]
    [InlineData("img.example.internal")]
    [InlineData("/leonardo")]
    [InlineData("ftp://img.example.internal")]
    [InlineData("https://user@img.example.internal")]
    [InlineData("https://img.example.internal/?a=b")]
    [InlineData("https://img.example.internal/#top")]
    [InlineData("https://img.example.internal/a//b")]
    [InlineData("https://img.example.internal/a/../b")]
    [InlineData("https://img.example.internal/a%20b")]
    public async Task A_PublicUrl_that_is_no_plain_address_is_refused_at_start(string value)
    {
        using var folder = new TemporaryFolder();

        var (exit, output) = await GatewayProcess.RunAsync(
            folder.Path,
            [],
            ("PublicUrl", value),
            ("ASPNETCORE_ENVIRONMENT", "Development"),
            ("ASPNETCORE_HTTP_PORTS", $"{Ports.Free()}")
        );

        exit.ShouldNotBe(0);
        output.ShouldContain("- PublicUrl: must be");
    }

    /// <summary>Also in UTF-8: the raw answer was read as Latin-1.</summary>
    private static string HelpOf(HttpResponseMessage response) =>
        Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(response.Headers.GetValues("Link").ShouldHaveSingleItem()));

    public sealed class Gate : IAsyncLifetime
    {
        internal GatewayApp Gateway { get; private set; } = null!;

        public async ValueTask InitializeAsync() =>
            Gateway = await GatewayApp.StartAsync(settings: ("Identification:TrustedProxies", Proxy));

        public ValueTask DisposeAsync() => Gateway.DisposeAsync();
    }
}
