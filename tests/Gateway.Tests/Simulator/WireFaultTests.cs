using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace Gateway.Tests.Simulator;

/// <summary>Faults below HTTP, observed on a plain socket, since a client library could hide the difference.</summary>
public sealed class WireFaultTests
{
    [Theory]
    [InlineData("reset-before", 0)]
    [InlineData("reset-after", 1)]
    public async Task A_reset_is_a_TCP_reset(string fault, int charges)
    {
        await using var client = await Client.StartAsync();
        using var socket = await SendAsync(client, fault);

        var broken = await Should.ThrowAsync<SocketException>(async () => await ReadToEndAsync(socket));

        broken.SocketErrorCode.ShouldBe(SocketError.ConnectionReset);
        client.Simulator.Invoice.Count.ShouldBe(charges);
    }

    [Fact]
    public async Task A_FIN_closes_the_connection_cleanly_without_a_byte()
    {
        await using var client = await Client.StartAsync();
        using var socket = await SendAsync(client, "fin-after");

        (await ReadToEndAsync(socket)).ShouldBeEmpty();
        client.Simulator.Invoice.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_truncated_answer_has_half_of_its_stated_length()
    {
        await using var client = await Client.StartAsync();
        using var socket = await SendAsync(client, "half-json");

        var (head, body) =
            await ReadToEndAsync(socket) is var text && text.IndexOf("\r\n\r\n", StringComparison.Ordinal) is var end
                ? (text[..end], text[(end + 4)..])
                : default;

        var promised = int.Parse(head.Split("Content-Length: ")[1].Split('\r')[0], System.Globalization.CultureInfo.InvariantCulture);
        body.Length.ShouldBe(promised / 2);
        body.ShouldStartWith("{\"generate\":{\"generationId\":\"");
        client.Simulator.Invoice.Count.ShouldBe(1);
    }

    [Theory]
    [InlineData("hang", 0)]
    [InlineData("hang-after", 1)]
    public async Task A_hanging_request_gets_no_answer_and_does_not_delay_the_shutdown(string fault, int charges)
    {
        var client = await Client.StartAsync();
        using var socket = await SendAsync(client, fault);
        await UntilAsync(() => client.Simulator.Stats.Posts == 1 && client.Simulator.Invoice.Count == charges);
        socket.Available.ShouldBe(0);

        var clock = Stopwatch.StartNew();
        await client.DisposeAsync();

        clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(1.5));
    }

    [Theory]
    [InlineData("endless-body", 1_000_000)]
    [InlineData("slow-body", 128)]
    public async Task An_endless_body_continues_until_the_peer_disconnects(string fault, int atLeast)
    {
        await using var client = await Client.StartAsync();
        using var socket = await SendAsync(client, fault);
        var buffer = new byte[65536];

        for (var read = 0; read < atLeast; )
        {
            var more = await socket.ReceiveAsync(buffer, Client.Cancellation);
            more.ShouldBeGreaterThan(0);
            read += more;
        }

        client.Simulator.Invoice.Count.ShouldBe(1);
    }

    private static async Task<Socket> SendAsync(Client client, string fault)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(client.Simulator.Address.Host, client.Simulator.Address.Port, Client.Cancellation);
        var body = Client.Body().ToJsonString();
        var request =
            $"POST /api/rest/v2/generations HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {client.Simulator.Key}\r\nx-sim-fault: {fault}\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}";
        await socket.SendAsync(Encoding.ASCII.GetBytes(request), Client.Cancellation);
        return socket;
    }

    private static async Task<string> ReadToEndAsync(Socket socket)
    {
        var text = new StringBuilder();
        var buffer = new byte[4096];
        while (await socket.ReceiveAsync(buffer, Client.Cancellation) is var read and > 0)
        {
            text.Append(Encoding.UTF8.GetString(buffer, 0, read));
        }

        return text.ToString();
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        var clock = Stopwatch.StartNew();
        while (!condition())
        {
            clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(5));
            await Task.Delay(5, Client.Cancellation);
        }
    }
}
