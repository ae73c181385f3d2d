using System.Net;
using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;
using Gateway.Tests.Hostile;
using Gateway.Tests.RawSocket;

namespace Gateway.Tests.Edge;

/// <summary>
/// A client that is still sending a body that is too large can read the refusal: the connection is not reset.
/// </summary>
public sealed class TooLargeTests : IAsyncLifetime
{
    private HostileGateway _hostile = null!;

    public async ValueTask InitializeAsync() => _hostile = await HostileGateway.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _hostile.IsAliveAsync();
        await _hostile.DisposeAsync();
    }

    [Theory]
    [InlineData(300_000, false)]
    [InlineData(5_000_000, false)]
    [InlineData(5_000_000, true)]
    [InlineData(40_000_000, false)]
    public async Task A_generation_request_that_is_too_large_gets_413(int bytes, bool chunked)
    {
        await IsRefusedAsync("/v2/generations", Json, chunked);
        _hostile.Sent.ShouldBeEmpty();

        HttpContent Json() => new ByteArrayContent(new byte[bytes]) { Headers = { ContentType = new("application/json") } };
    }

    [Theory]
    [InlineData(26_300_000, false)]
    [InlineData(26_300_000, true)]
    [InlineData(40_000_000, false)]
    public async Task An_upload_that_is_too_large_gets_413(int bytes, bool chunked)
    {
        var file = new byte[bytes];
        TwoTenants.Png.CopyTo(file, 0);
        await IsRefusedAsync("/v1/init-image", () => TwoTenants.Form(file, "cat.png"), chunked);
    }

    /// <summary>Takes longer than Kestrel drains a body by default.</summary>
    [Fact]
    public async Task A_body_that_is_too_large_and_slow_gets_413()
    {
        const int Pieces = 40;
        var piece = new string('x', 100_000);
        using var connection = await RawConnection.OpenAsync(_hostile.Gateway.Address);
        await connection.SendAsync(
            $"POST /v2/generations HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {Pieces * piece.Length}\r\n\r\n"
        );
        for (var i = 0; i < Pieces; i++)
        {
            (await connection.SendAsync(piece)).ShouldBeTrue("the gateway has reset the connection");
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
        (await connection.ReadToEndAsync()).ShouldStartWith("HTTP/1.1 413 ");
    }

    private async Task IsRefusedAsync(string path, Func<HttpContent> content, bool chunked)
    {
        for (var i = 0; i < 3; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = content() };
            request.Headers.TransferEncodingChunked = chunked;
            using var answer = await _hostile.Gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
            await answer.ProblemAsync((int)HttpStatusCode.RequestEntityTooLarge, "too-large");
            answer.Headers.ConnectionClose.ShouldBe(true);
        }
    }
}
