using System.Net;
using Gateway.Leonardo.Origins;
using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;

namespace Gateway.Tests.Images;

/// <summary>
/// The gateway fetches from inside the network: whatever address the upstream or an image host states, it connects only
/// to allowed origins (T-C6).
/// </summary>
public sealed class ForgedAddressTests
{
    [Theory]
    [InlineData("http://127.0.0.1:{trap}/x.jpg")]
    [InlineData("http://localhost:{trap}/x.jpg")]
    [InlineData("http://[::1]:{trap}/x.jpg")]
    [InlineData("http://[::ffff:127.0.0.1]:{trap}/x.jpg")]
    [InlineData("http://2130706433:{trap}/x.jpg")]
    [InlineData("http://127.1:{trap}/x.jpg")]
    [InlineData("http://0.0.0.0:{trap}/x.jpg")]
    [InlineData("//127.0.0.1:{trap}/x.jpg")]
    [InlineData("http://user@{host}/x.jpg")]
    [InlineData("https://{host}/x.jpg")]
    [InlineData("http://169.254.169.254/latest/meta-data/")]
    [InlineData("http://metadata.google.internal/")]
    [InlineData("https://example.com/x.jpg")]
    [InlineData("https://cdn.leonardo.ai.evil.example/x.jpg")]
    [InlineData("file:///etc/passwd")]
    [InlineData("ftp://127.0.0.1:{trap}/x.jpg")]
    [InlineData("gopher://127.0.0.1:{trap}/x")]
    public async Task A_redirect_to_a_forbidden_address_is_not_followed(string target)
    {
        await using var trap = RawHost.Answering("HTTP/1.1 200 OK\nContent-Length: 104", TwoTenants.Jpeg);
        await using var gateway = await TwoTenants.StartAsync();
        var path = await PathAsync(gateway);
        var host = gateway.Leonardo.Address.Authority;
        gateway.Leonardo.Script(
            "cdn",
            "redirect:"
                + target.Replace("{trap}", $"{trap.Port}", StringComparison.Ordinal).Replace("{host}", host, StringComparison.Ordinal)
        );

        await (await gateway.GetAsync(path, TwoTenants.AsA)).ProblemAsync(502, "upstream-unreachable");
        trap.Connections.ShouldBe(0);
    }

    [Theory]
    [InlineData("http://127.0.0.1:{trap}")]
    [InlineData("https://localhost:{trap}")]
    public async Task An_upstream_address_outside_the_allowed_origins_is_not_fetched(string origin)
    {
        await using var trap = RawHost.Answering("HTTP/1.1 200 OK\nContent-Length: 104", TwoTenants.Jpeg);
        await using var gateway = await TwoTenants.StartAsync(
            new() { PublicUrl = new Uri(origin.Replace("{trap}", $"{trap.Port}", StringComparison.Ordinal)), CreationsPerMinute = 0 }
        );
        await (await gateway.GetAsync(await PathAsync(gateway), TwoTenants.AsA)).ProblemAsync(502, "upstream-unreachable");
        trap.Connections.ShouldBe(0);
    }

    /// <summary>The name is allowed but resolves to this machine: the address is checked when connecting.</summary>
    [Fact]
    public async Task An_allowed_name_with_a_private_address_is_not_connected_to()
    {
        await using var trap = RawHost.Answering("HTTP/1.1 200 OK\nContent-Length: 104", TwoTenants.Jpeg);
        var origin = $"https://localhost:{trap.Port}";
        await using var gateway = await TwoTenants.StartAsync(
            new() { PublicUrl = new Uri(origin), CreationsPerMinute = 0 },
            ("Leonardo:ImageOrigins:0", origin)
        );
        await (await gateway.GetAsync(await PathAsync(gateway), TwoTenants.AsA)).ProblemAsync(502, "upstream-unreachable");
        trap.Connections.ShouldBe(0);
    }

    [Fact]
    public async Task Redirects_within_the_allowed_origins_are_followed_up_to_a_limit()
    {
        await using var gateway = await TwoTenants.StartAsync();
        var path = await PathAsync(gateway);
        gateway.Leonardo.Script("cdn", "redirect:" + CdnPath(gateway), "redirect:" + CdnPath(gateway));
        (await gateway.GetAsync(path, TwoTenants.AsA)).StatusCode.ShouldBe(HttpStatusCode.OK);

        gateway.Leonardo.Script("cdn", [.. Enumerable.Repeat("redirect:" + CdnPath(gateway), 20)]);
        await (await gateway.GetAsync(path, TwoTenants.AsA)).ProblemAsync(502, "upstream-unreachable");
    }

    [Theory]
    [InlineData("8.8.8.8", true)]
    [InlineData("104.16.1.1", true)]
    [InlineData("2606:4700::1", true)]
    [InlineData("::ffff:8.8.8.8", true)]
    [InlineData("64:ff9b::808:808", true)]
    [InlineData("0.0.0.0", false)]
    [InlineData("10.1.2.3", false)]
    [InlineData("100.64.0.1", false)]
    [InlineData("127.0.0.1", false)]
    [InlineData("127.255.255.254", false)]
    [InlineData("169.254.169.254", false)]
    [InlineData("172.16.0.1", false)]
    [InlineData("172.31.255.255", false)]
    [InlineData("192.168.1.1", false)]
    [InlineData("198.18.0.1", false)]
    [InlineData("224.0.0.1", false)]
    [InlineData("255.255.255.255", false)]
    [InlineData("::", false)]
    [InlineData("::1", false)]
    [InlineData("::ffff:127.0.0.1", false)]
    [InlineData("::ffff:10.0.0.1", false)]
    [InlineData("::127.0.0.1", false)]
    [InlineData("fe80::1", false)]
    [InlineData("fc00::1", false)]
    [InlineData("fd00:ec2::254", false)]
    [InlineData("ff02::1", false)]
    [InlineData("64:ff9b::a00:1", false)]
    [InlineData("64:ff9b:1::1", false)]
    [InlineData("2002:7f00:1::", false)]
    [InlineData("2001::1", false)]
    [InlineData("2001:db8::1", false)]
    public void Only_addresses_of_the_public_internet_are_public(string address, bool isPublic) =>
        PublicAddress.IsPublic(IPAddress.Parse(address)).ShouldBe(isPublic);

    [Theory]
    [InlineData("https://cdn.leonardo.ai", "https://cdn.leonardo.ai/a.jpg", true)]
    [InlineData("https://cdn.leonardo.ai", "https://CDN.leonardo.ai:443/a.jpg", true)]
    [InlineData("https://cdn.leonardo.ai", "https://cdn.leonardo.ai./a.jpg", false)]
    [InlineData("https://cdn.leonardo.ai", "https://x.cdn.leonardo.ai/a.jpg", false)]
    [InlineData("https://cdn.leonardo.ai", "https://cdn.leonardo.ai:8443/a.jpg", false)]
    [InlineData("https://cdn.leonardo.ai", "http://cdn.leonardo.ai/a.jpg", false)]
    [InlineData("https://cdn.leonardo.ai", "https://cdn.leonardo.ai@evil.example/a.jpg", false)]
    [InlineData("https://cdn.leonardo.ai", "https://evil.example/cdn.leonardo.ai", false)]
    [InlineData("https://*.amazonaws.com", "https://bucket.s3.amazonaws.com/", true)]
    [InlineData("https://*.amazonaws.com", "https://amazonaws.com/", false)]
    [InlineData("https://*.amazonaws.com", "https://xamazonaws.com/", false)]
    [InlineData("https://*.amazonaws.com", "https://amazonaws.com.evil.example/", false)]
    [InlineData("http://127.0.0.1:9100", "http://127.0.0.1:9100/x", true)]
    [InlineData("http://127.0.0.1:9100", "http://127.0.0.1:9101/x", false)]
    [InlineData("http://127.0.0.1:9100", "http://localhost:9100/x", false)]
    [InlineData("http://127.0.0.1:9100", "http://127.1:9100/x", true)]
    [InlineData("http://[::1]:9100", "http://[::1]:9100/x", true)]
    public void An_origin_permits_itself_and_nothing_else(string origin, string url, bool permits) =>
        AllowedOrigin.Parse(origin)!.Permits(new Uri(url)).ShouldBe(permits);

    [Theory]
    [InlineData("http://cdn.leonardo.ai")]
    [InlineData("http://127.0.0.1")]
    [InlineData("https://10.0.0.1")]
    [InlineData("https://cdn.leonardo.ai/path")]
    [InlineData("https://user@cdn.leonardo.ai")]
    [InlineData("https://cdn.leonardo.ai?x")]
    [InlineData("https://*.*.com")]
    [InlineData("https://*")]
    [InlineData("*.amazonaws.com")]
    [InlineData("ftp://cdn.leonardo.ai")]
    [InlineData("")]
    public void A_malformed_origin_is_refused(string text) => AllowedOrigin.Parse(text).ShouldBeNull();

    private static async Task<string> PathAsync(GatewayApp gateway)
    {
        var generation = await gateway.MakeAsync(TwoTenants.AsA);
        return $"/v1/generations/{generation["id"]}/images/{generation.ImageId()}";
    }

    private static string CdnPath(GatewayApp gateway) =>
        $"/users/{gateway.Leonardo.AccountUserId}/generations/{gateway.Leonardo.Invoice[^1].GenerationId}/flux-pro-2.0_A_cat-0.jpg";
}
