using System.Buffers.Binary;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Gateway.Tests.Harness;
using Gateway.Tests.Tenants.Identification;

namespace Gateway.Tests.RawSocket;

/// <summary>HTTP/2 over TLS, frame by frame (RFC 9113; T-E17).</summary>
public sealed class Http2Tests : IAsyncLifetime
{
    private const byte Headers = 1,
        Reset = 3,
        Settings = 4,
        GoAway = 7,
        Continuation = 9;

    private const byte EndStream = 1,
        EndHeaders = 4;

    /// <summary>HPACK: GET, https, /health/live, and the host.</summary>
    private static readonly byte[] Request =
    [
        .. (byte[])[0x82, 0x87, 0x04, 12],
        .. "/health/live"u8,
        .. (byte[])[0x01, 9],
        .. "127.0.0.1"u8,
    ];

    private readonly X509Certificate2 _certificate = TestCertificates.Make(
        "CN=gateway",
        GatewayApp.Start.AddDays(-1),
        GatewayApp.Start.AddDays(1)
    );

    private readonly TemporaryFolder _folder = new();
    private GatewayApp _gateway = null!;

    public async ValueTask InitializeAsync()
    {
        await File.WriteAllBytesAsync(_folder["tls.pfx"], _certificate.Export(X509ContentType.Pkcs12));
        _gateway = await GatewayApp.StartAsync(
            settings:
            [
                ("urls", ""),
                ("Kestrel:Endpoints:Https:Url", "https://127.0.0.1:0"),
                ("Kestrel:Endpoints:Https:Certificate:Path", _folder["tls.pfx"]),
                // Longer than a test waits: what it closes for is the flood.
                ("Limits:HeadersTimeout", "00:01:00"),
            ]
        );
    }

    public async ValueTask DisposeAsync()
    {
        await _gateway.DisposeAsync();
        _certificate.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_connection_has_at_most_100_streams()
    {
        await using var connection = await OpenAsync();

        var settings = (await ReadUntilAsync(connection, Settings)).ShouldNotBeNull();

        var streams = Enumerable
            .Range(0, settings.Length / 6)
            .Where(i => BinaryPrimitives.ReadUInt16BigEndian(settings.AsSpan(i * 6)) == 3)
            .Select(i => BinaryPrimitives.ReadUInt32BigEndian(settings.AsSpan(i * 6 + 2)));
        streams.ShouldHaveSingleItem().ShouldBe(100u);
    }

    [Fact]
    public async Task Headers_that_do_not_end_close_the_connection()
    {
        await using var connection = await OpenAsync();
        await SendAsync(connection, Headers, EndStream, 1, Request);

        for (var i = 0; i < 100; i++)
        {
            // A literal header of 1000 bytes.
            if (
                !await SendAsync(
                    connection,
                    Continuation,
                    0,
                    1,
                    [0x00, 1, (byte)'x', 0x7F, 0xE9, 0x06, .. new byte[1000].Select(_ => (byte)'a')]
                )
            )
                break;
        }

        await IsClosedAsync(connection);
    }

    [Fact]
    public async Task Streams_that_are_reset_at_once_close_the_connection()
    {
        await using var connection = await OpenAsync();

        for (var id = 1; id < 20_000; id += 2)
        {
            if (
                !await SendAsync(connection, Headers, EndStream | EndHeaders, id, Request)
                || !await SendAsync(connection, Reset, 0, id, [0, 0, 0, 8])
            )
                break;
        }

        await IsClosedAsync(connection);
    }

    /// <summary>And another connection is served.</summary>
    private async Task IsClosedAsync(SslStream connection)
    {
        await ReadUntilAsync(connection, GoAway);
        await using var other = await OpenAsync();
        await SendAsync(other, Headers, EndStream | EndHeaders, 1, Request);
        // :status 200, from the static table.
        (await ReadUntilAsync(other, Headers))
            .ShouldNotBeNull()[0]
            .ShouldBe((byte)0x88);
    }

    private async Task<SslStream> OpenAsync()
    {
        var socket = new TcpClient();
        await socket.ConnectAsync("127.0.0.1", _gateway.Address.Port, TestContext.Current.CancellationToken);
        var stream = new SslStream(socket.GetStream());
        await stream.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "127.0.0.1",
                ApplicationProtocols = [SslApplicationProtocol.Http2],
                RemoteCertificateValidationCallback = (_, certificate, _, _) => _certificate.Equals(certificate),
            },
            TestContext.Current.CancellationToken
        );
        stream.NegotiatedApplicationProtocol.ShouldBe(SslApplicationProtocol.Http2);
        await stream.WriteAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray(), TestContext.Current.CancellationToken);
        await SendAsync(stream, Settings, 0, 0, []);
        return stream;
    }

    /// <returns>False: the gateway has closed the connection.</returns>
    private static async Task<bool> SendAsync(SslStream connection, byte type, int flags, int stream, byte[] payload)
    {
        var frame = new byte[9 + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, payload.Length << 8);
        (frame[3], frame[4]) = (type, (byte)flags);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        payload.CopyTo(frame, 9);
        try
        {
            await connection.WriteAsync(frame, TestContext.Current.CancellationToken);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <returns>The first frame of this type; null: the connection was closed without one.</returns>
    private static async Task<byte[]?> ReadUntilAsync(SslStream connection, byte type)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        // Before the time-outs of the server.
        timeout.CancelAfter(TimeSpan.FromSeconds(20));
        try
        {
            while (true)
            {
                var head = new byte[9];
                await connection.ReadExactlyAsync(head, timeout.Token);
                var payload = new byte[BinaryPrimitives.ReadInt32BigEndian(head) >> 8];
                await connection.ReadExactlyAsync(payload, timeout.Token);
                if (head[3] == type)
                    return payload;
            }
        }
        catch (IOException)
        {
            return null;
        }
    }
}
