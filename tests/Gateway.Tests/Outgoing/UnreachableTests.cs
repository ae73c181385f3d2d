using System.Net;
using System.Net.Sockets;
using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;
using Leonardo.Simulator;

namespace Gateway.Tests.Outgoing;

/// <summary>
/// Why the upstream cannot be reached: for operators in the log and in <c>/admin/upstream</c>, for nobody else (T-C10).
/// </summary>
public sealed class UnreachableTests
{
    [Fact]
    public async Task A_private_authority_is_trusted_only_if_CaFile_names_it()
    {
        await using var network = await EgressNetwork.StartAsync();
        await using (var trusting = await network.StartGatewayAsync(network.ProxySetting, network.CaFile))
            (await EgressNetwork.PostAsync(trusting)).StatusCode.ShouldBe(HttpStatusCode.OK);
        var received = network.LeonardoServer.Received.Count;

        await using var gateway = await network.StartGatewayAsync(network.ProxySetting);
        await ShouldBeUnreachableAsync(
            gateway,
            "tls: certificate \"CN=Test server\" issued by \"CN=Test authority\" is of an authority that is not trusted"
        );
        network.LeonardoServer.Received.Count.ShouldBe(received, "nothing may be sent to a server that is not trusted");
    }

    [Theory]
    [InlineData("other.egress.example", false, "is for another name")]
    [InlineData(EgressNetwork.Leonardo, true, "has expired")]
    public async Task A_certificate_for_another_name_or_another_time_is_refused_although_its_authority_is_trusted(
        string name,
        bool isExpired,
        string why
    )
    {
        await using var network = await EgressNetwork.StartAsync([name], isExpired);
        await using var gateway = await network.StartGatewayAsync(network.ProxySetting, network.CaFile);
        await ShouldBeUnreachableAsync(gateway, "tls: certificate \"CN=Test server\" issued by \"CN=Test authority\" " + why);
        network.LeonardoServer.Received.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_name_without_an_address_is_dns()
    {
        await using var network = await EgressNetwork.StartAsync();
        await using var gateway = await network.StartGatewayAsync();
        await ShouldBeUnreachableAsync(gateway, "dns: the name has no address");
    }

    [Fact]
    public async Task A_closed_port_is_refused_and_the_log_says_when_it_is_over()
    {
        await using var network = await EgressNetwork.StartAsync();
        var port = Ports.Free();
        await using var gateway = await network.StartGatewayAsync(("Leonardo__BaseUrl", $"http://127.0.0.1:{port}/api/rest"));
        await ShouldBeUnreachableAsync(gateway, "refused: no process listens at the address");
        // Once, not for each request.
        await EgressNetwork.PostAsync(gateway);
        gateway.Output.Split("Leonardo cannot be reached").Length.ShouldBe(2);

        await using var again = await LeonardoSimulator.StartAsync(
            new() { Port = port, Key = network.LeonardoServer.Key },
            TestContext.Current.CancellationToken
        );
        (await EgressNetwork.PostAsync(gateway)).StatusCode.ShouldBe(HttpStatusCode.OK);
        await Eventually.HoldsAsync(() => gateway.Output.Contains("Leonardo can be reached again", StringComparison.Ordinal));
        (await ReadinessAsync(gateway)).ShouldContain("\"upstream\":{\"status\":\"ok\"");
    }

    [Fact]
    public async Task A_host_that_accepts_no_connection_is_a_timeout()
    {
        await using var network = await EgressNetwork.StartAsync();
        // Its queue of connections is full: the next attempt gets no answer.
        using var full = new Socket(SocketType.Stream, ProtocolType.Tcp);
        full.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        full.Listen(0);
        var port = ((IPEndPoint)full.LocalEndPoint!).Port;
        var waiting = Enumerable.Range(0, 4).Select(_ => new Socket(SocketType.Stream, ProtocolType.Tcp)).ToList();
        foreach (var socket in waiting)
            _ = socket.ConnectAsync(IPAddress.Loopback, port, TestContext.Current.CancellationToken).AsTask();

        await using var gateway = await network.StartGatewayAsync(("Leonardo__BaseUrl", $"http://127.0.0.1:{port}/api/rest"));
        await ShouldBeUnreachableAsync(gateway, "timeout: no connection within 5 s");
        waiting.ForEach(socket => socket.Dispose());
    }

    [Fact]
    public async Task A_server_that_does_not_speak_TLS_is_tls()
    {
        await using var network = await EgressNetwork.StartAsync();
        network.Proxy.Names[EgressNetwork.Leonardo] = network.LeonardoServer.Address.Port;
        await using var gateway = await network.StartGatewayAsync(network.ProxySetting, network.CaFile);
        await ShouldBeUnreachableAsync(gateway, "tls: the handshake failed");
    }

    [Fact]
    public async Task An_answer_that_makes_no_sense_is_named_after_the_answer()
    {
        await using var network = await EgressNetwork.StartAsync();
        await using var gateway = await network.StartGatewayAsync(("Leonardo__BaseUrl", network.LeonardoServer.BaseUrl.AbsoluteUri));
        network.LeonardoServer.ScriptNext("error-500");
        await (await EgressNetwork.PostAsync(gateway)).ProblemAsync(502, "outcome-unknown");
        (await EgressNetwork.WhyAsync(gateway)).ShouldStartWith("answer: ");
    }

    /// <summary>Operators see why; tenants and readiness see that it is so, and what it cost: nothing.</summary>
    private static async Task ShouldBeUnreachableAsync(GatewayProcess gateway, string why)
    {
        var images = await EgressNetwork.ImagesAsync(gateway);
        var problem = await (await EgressNetwork.PostAsync(gateway)).ProblemAsync(502, "upstream-unreachable");
        var kind = why.Split(':')[0];
        problem["detail"]!
            .GetValue<string>()
            .ShouldBe("No connection to Leonardo could be made, so nothing was sent and nothing was charged. Try again later.");
        (await EgressNetwork.ImagesAsync(gateway)).ShouldBe(images);
        (await EgressNetwork.WhyAsync(gateway)).ShouldStartWith(why);
        await Eventually.HoldsAsync(() =>
            gateway.Output.Contains($"Leonardo cannot be reached ({kind}: ", StringComparison.Ordinal)
            && gateway.Output.Contains("UnreachableBecause", StringComparison.Ordinal)
        );
        var ready = await ReadinessAsync(gateway);
        ready.ShouldContain("\"upstream\":{\"status\":\"degraded\"");
        ready.ShouldNotContain(kind + ":");
        ready.ShouldNotContain("certificate");
    }

    private static async Task<string> ReadinessAsync(GatewayProcess gateway)
    {
        using var answer = await EgressNetwork.SendAsync(gateway, HttpMethod.Get, "/health/ready");
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        return await answer.TextAsync();
    }
}
