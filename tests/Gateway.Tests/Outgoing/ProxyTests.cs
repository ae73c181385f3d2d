using System.Net;
using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;
using Gateway.Tests.Tenants.Identification;

namespace Gateway.Tests.Outgoing;

/// <summary>The proxy of <c>Outgoing:Proxy</c>, and that no other is used (T-C9).</summary>
public sealed class ProxyTests
{
    [Fact]
    public async Task A_generation_its_image_an_upload_and_OIDC_go_through_the_proxy_that_is_set()
    {
        await using var network = await EgressNetwork.StartAsync();
        await File.WriteAllTextAsync(network.Folder["secret"], OidcSignInPages.Secret, TestContext.Current.CancellationToken);
        await using var gateway = await network.StartGatewayAsync(
            network.ProxySetting,
            network.CaFile,
            ("SignIn__ClientId", OidcSignInPages.ClientId),
            ("SignIn__ClientSecretFile", network.Folder["secret"])
        );
        var token = network.IssuerServer.Token();

        await SignInAsync(gateway, network);
        var made = await EgressNetwork.PostAsync(gateway, token);
        made.StatusCode.ShouldBe(HttpStatusCode.OK, await made.TextAsync());
        var path = "/v1/generations/" + (await made.JsonAsync())["generate"]!["generationId"]!.GetValue<string>();
        await Eventually.HoldsAsync(async () => await FindImageAsync(gateway, path, token) is not null);
        var image = (await FindImageAsync(gateway, path, token))!;
        var bytes = await EgressNetwork.SendAsync(gateway, HttpMethod.Get, new Uri(image).AbsolutePath, token);
        bytes.StatusCode.ShouldBe(HttpStatusCode.OK);
        bytes.Content.Headers.ContentType!.MediaType.ShouldBe("image/jpeg");
        var upload = await EgressNetwork.SendAsync(
            gateway,
            HttpMethod.Post,
            "/v1/init-image",
            token,
            TwoTenants.Form(TwoTenants.Png, "cat.png")
        );
        upload.StatusCode.ShouldBe(HttpStatusCode.OK, await upload.TextAsync());

        foreach (var name in (string[])[EgressNetwork.Leonardo, EgressNetwork.Media, EgressNetwork.Issuer])
            network.Proxy.Targets.ShouldContain(name + ":443");
    }

    /// <summary>Discovery, and the redemption of the code.</summary>
    private static async Task SignInAsync(GatewayProcess gateway, EgressNetwork network)
    {
        using var started = await EgressNetwork.SendAsync(gateway, HttpMethod.Get, "/signin");
        started.StatusCode.ShouldBe(HttpStatusCode.Redirect, await started.TextAsync());
        var back = new Uri(network.IssuerServer.SignIn.Authorize(started.Headers.Location!.Query));
        using var request = new HttpRequestMessage(HttpMethod.Get, back.PathAndQuery);
        request.Headers.Add("Cookie", string.Join("; ", started.Headers.GetValues("Set-Cookie").Select(cookie => cookie.Split(';')[0])));
        using var finished = await gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
        finished.StatusCode.ShouldBe(HttpStatusCode.Redirect, await finished.TextAsync());
    }

    [Fact]
    public async Task Without_the_setting_the_proxy_gets_nothing_although_the_environment_names_it()
    {
        await using var network = await EgressNetwork.StartAsync();
        await using var gateway = await network.StartGatewayAsync([
            network.CaFile,
            .. network.ProxyVariables,
            ("Alerts__Webhook", $"https://{EgressNetwork.Alerts}/hook"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", $"https://{EgressNetwork.Collector}"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
            ("OTEL_BSP_SCHEDULE_DELAY", "100"),
        ]);

        await (await EgressNetwork.PostAsync(gateway)).ProblemAsync(502, "upstream-unreachable");
        (await EgressNetwork.WhyAsync(gateway)).ShouldStartWith("dns: ");
        (await EgressNetwork.ImagesAsync(gateway)).ShouldBe(0);
        var withToken = await EgressNetwork.PostAsync(gateway, network.IssuerServer.Token());
        ((int)withToken.StatusCode).ShouldBeOneOf(401, 503);
        await gateway.StopAsync();

        network.Proxy.Connections.ShouldBe(0);
    }

    [Theory]
    [InlineData("http/protobuf")]
    [InlineData("grpc")]
    public async Task Traces_and_alerts_go_through_the_proxy_that_is_set_and_not_through_that_of_the_environment(string protocol)
    {
        await using var network = await EgressNetwork.StartAsync();
        await using var environment = new Harness.Network.ConnectProxy();
        await using var gateway = await network.StartGatewayAsync([
            network.ProxySetting,
            network.CaFile,
            ("HTTPS_PROXY", environment.Address.AbsoluteUri),
            ("https_proxy", environment.Address.AbsoluteUri),
            ("Alerts__Webhook", $"https://{EgressNetwork.Alerts}/hook"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", $"https://{EgressNetwork.Collector}"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
            ("OTEL_BSP_SCHEDULE_DELAY", "100"),
        ]);
        // One of two images a day: the quota is half used, which raises an alert.
        (await EgressNetwork.PostAsync(gateway)).StatusCode.ShouldBe(HttpStatusCode.OK);

        await Eventually.HoldsAsync(() => network.Proxy.Targets.Contains(EgressNetwork.Collector + ":443"));
        await Eventually.HoldsAsync(() => network.Proxy.Targets.Contains(EgressNetwork.Alerts + ":443"));
        environment.Connections.ShouldBe(0);
    }

    [Fact]
    public async Task The_upstream_on_this_machine_is_called_directly()
    {
        await using var network = await EgressNetwork.StartAsync();
        await using var gateway = await network.StartGatewayAsync(
            ("Outgoing__Proxy", $"http://127.0.0.1:{Ports.Free()}"),
            ("Leonardo__BaseUrl", network.LeonardoServer.BaseUrl.AbsoluteUri)
        );
        (await EgressNetwork.PostAsync(gateway)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task What_ProxyBypass_names_is_called_directly()
    {
        await using var network = await EgressNetwork.StartAsync();
        await using var gateway = await network.StartGatewayAsync(
            network.ProxySetting,
            network.CaFile,
            ("Outgoing__ProxyBypass", "*.egress.example, 10.0.0.0/8")
        );
        await (await EgressNetwork.PostAsync(gateway)).ProblemAsync(502, "upstream-unreachable");
        (await EgressNetwork.WhyAsync(gateway)).ShouldStartWith("dns: ");
        network.Proxy.Connections.ShouldBe(0);
    }

    [Fact]
    public async Task The_proxys_credentials_come_from_a_file_and_are_read_again_when_it_changes()
    {
        await using var network = await EgressNetwork.StartAsync(credentials: "gateway:se:cret");
        await File.WriteAllTextAsync(network.Folder["proxy"], "gateway:wrong", TestContext.Current.CancellationToken);
        await using var gateway = await network.StartGatewayAsync(
            network.ProxySetting,
            network.CaFile,
            ("Outgoing__ProxyCredentialsFile", "proxy")
        );
        await (await EgressNetwork.PostAsync(gateway)).ProblemAsync(502, "upstream-unreachable");
        (await EgressNetwork.WhyAsync(gateway)).ShouldBe("proxy: it answered 407");
        (await EgressNetwork.ImagesAsync(gateway)).ShouldBe(0);

        await File.WriteAllTextAsync(network.Folder["proxy"], "gateway:se:cret\n", TestContext.Current.CancellationToken);
        await Eventually.HoldsAsync(async () => (await EgressNetwork.PostAsync(gateway)).StatusCode == HttpStatusCode.OK);
        gateway.Output.ShouldNotContain("se:cret");
    }

    [Fact]
    public async Task A_proxy_that_refuses_or_is_not_there_leaves_everything_released_and_operators_see_why()
    {
        await using var network = await EgressNetwork.StartAsync();
        network.Proxy.Refusal = "403 Forbidden";
        await using (var gateway = await network.StartGatewayAsync(network.ProxySetting, network.CaFile))
        {
            var refused = await (await EgressNetwork.PostAsync(gateway)).ProblemAsync(502, "upstream-unreachable");
            refused.ToJsonString().ShouldNotContain("proxy", Case.Insensitive);
            (await EgressNetwork.WhyAsync(gateway)).ShouldBe("proxy: it answered 403");
            (await EgressNetwork.ImagesAsync(gateway)).ShouldBe(0);
        }
        await using var alone = await network.StartGatewayAsync(("Outgoing__Proxy", $"http://127.0.0.1:{Ports.Free()}"), network.CaFile);
        await (await EgressNetwork.PostAsync(alone)).ProblemAsync(502, "upstream-unreachable");
        (await EgressNetwork.WhyAsync(alone)).ShouldStartWith("proxy: refused: ");
        network.LeonardoServer.Received.ShouldBeEmpty();
    }

    [Fact]
    public async Task Through_a_proxy_only_the_allowed_origins_are_asked_for()
    {
        await using var network = await EgressNetwork.StartAsync();
        network.Proxy.Names["elsewhere.egress.example"] = network.Proxy.Names[EgressNetwork.Media];
        await using var gateway = await network.StartGatewayAsync(network.ProxySetting, network.CaFile);
        var made = await (await EgressNetwork.PostAsync(gateway)).JsonAsync();
        var path = "/v1/generations/" + made["generate"]!["generationId"]!.GetValue<string>();
        await Eventually.HoldsAsync(async () => await FindImageAsync(gateway, path) is not null);
        network.LeonardoServer.Script("cdn", "redirect:https://elsewhere.egress.example/x.jpg", "redirect:https://127.0.0.1/x.jpg");

        var image = new Uri((await FindImageAsync(gateway, path))!).AbsolutePath;
        await (await EgressNetwork.SendAsync(gateway, HttpMethod.Get, image)).ProblemAsync(502, "upstream-unreachable");
        await (await EgressNetwork.SendAsync(gateway, HttpMethod.Get, image)).ProblemAsync(502, "upstream-unreachable");
        network.Proxy.Targets.Distinct().ShouldBe([EgressNetwork.Leonardo + ":443", EgressNetwork.Media + ":443"], ignoreOrder: true);
    }

    private static async Task<string?> FindImageAsync(GatewayProcess gateway, string path, string? token = null)
    {
        var found = await (await EgressNetwork.SendAsync(gateway, HttpMethod.Get, path, token)).JsonAsync();
        var images = found["generations_by_pk"]!["generated_images"]!.AsArray();
        return images.Count > 0 ? images[0]!["url"]!.GetValue<string>() : null;
    }
}
