using Gateway.Edge;
using Gateway.Edge.Outgoing;
using Gateway.Tests.Harness;
using Microsoft.Extensions.Configuration;

namespace Gateway.Tests.Outgoing;

public sealed class OutgoingSettingsTests
{
    [Fact]
    public async Task Every_bad_setting_of_outgoing_connections_is_named_at_start_without_its_secret()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["empty.pem"], "nothing", TestContext.Current.CancellationToken);
        var (code, output) = await GatewayProcess.RunAsync(
            folder.Path,
            [],
            ("Leonardo__Simulator", "true"),
            ("Outgoing__Proxy", "http://user:a-secret@proxy.example:3128"),
            ("Outgoing__ProxyBypass", "10.0.0.1/8, *.example.internal, not a name, 300.1.1.1"),
            ("Outgoing__ProxyCredentialsFile", "missing"),
            ("Outgoing__CaFile", "empty.pem"),
            ("Leonardo__BaseUrl", "https://cloud.leonardo.ai/api/rest/v1")
        );
        code.ShouldBe(1);
        foreach (var name in (string[])["Outgoing:Proxy:", "Outgoing:ProxyCredentialsFile:", "Outgoing:CaFile:", "Leonardo:BaseUrl:"])
            output.ShouldContain("- " + name);
        foreach (var entry in (string[])["10.0.0.1/8", "not a name", "300.1.1.1"])
            output.ShouldContain($"Outgoing:ProxyBypass: '{entry}'");
        output.ShouldNotContain("'*.example.internal'");
        output.ShouldNotContain("a-secret");
    }

    [Theory]
    [InlineData("proxy.example:3128")]
    [InlineData("socks5://proxy.example:1080")]
    [InlineData("http://proxy.example:3128/path")]
    [InlineData("http://proxy.example:3128/?x")]
    [InlineData("http://user@proxy.example:3128")]
    public void An_address_that_is_no_proxys_is_refused(string proxy) =>
        Read(("Outgoing:Proxy", proxy)).Errors.ShouldHaveSingleItem().ShouldStartWith("Outgoing:Proxy: ");

    [Theory]
    [InlineData("https://minio.example.internal/x", true)]
    [InlineData("https://MINIO.example.internal/x", true)]
    [InlineData("https://a.minio.example.internal/x", false)]
    [InlineData("https://a.lan.example/x", true)]
    [InlineData("https://lan.example/x", false)]
    [InlineData("https://alan.example/x", false)]
    [InlineData("http://10.1.2.3:9000/x", true)]
    [InlineData("http://[::ffff:10.1.2.3]:9000/x", true)]
    [InlineData("http://11.1.2.3:9000/x", false)]
    [InlineData("http://192.0.2.7/x", true)]
    [InlineData("http://[2001:db8::1]/x", true)]
    [InlineData("http://[2001:db9::1]/x", false)]
    [InlineData("http://127.0.0.1/x", true)]
    [InlineData("http://127.9.9.9/x", true)]
    [InlineData("http://[::1]/x", true)]
    [InlineData("http://localhost/x", true)]
    [InlineData("https://cloud.leonardo.ai/x", false)]
    public void The_proxy_is_bypassed_for(string url, bool isBypassed)
    {
        var settings = Read(
            ("Outgoing:Proxy", "http://proxy.example:3128"),
            ("Outgoing:ProxyBypass", "minio.example.internal, *.lan.example, 10.0.0.0/8, 192.0.2.7, 2001:db8::/32")
        );
        settings.Errors.ShouldBeEmpty();
        settings.Options.Bypass.Covers(new Uri(url)).ShouldBe(isBypassed);
    }

    private static (IReadOnlyList<string> Errors, OutgoingOptions Options) Read(params (string Name, string? Value)[] values)
    {
        var settings = new Settings(
            new ConfigurationBuilder()
                .AddInMemoryCollection(values.ToDictionary(value => value.Name, value => value.Value, StringComparer.Ordinal))
                .Build()
        );
        var options = OutgoingOptions.Read(settings);
        return (settings.Errors, options);
    }
}
