using System.Net;
using System.Net.Sockets;
using Gateway.Edge.Delivery;

namespace Gateway.Tests.Edge;

/// <summary>A server that is too busy to see in time that its caller has reset the connection.</summary>
public sealed class UnseenResetTests
{
    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task Only_an_answer_that_was_not_reset_counts_as_delivered(bool isReset, bool isDelivered)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var caller = new TcpClient();
        await caller.ConnectAsync((IPEndPoint)listener.LocalEndpoint, cancellationToken);
        using var server = await listener.AcceptSocketAsync(cancellationToken);
        var answer = new WatchedAnswer(isObservable: true, ObservedSocket.Open(server), isLast: false, _ => { });

        if (isReset)
            caller.Client.Close(timeout: 0);

        (await answer.IsDeliveredAsync(isStreamReset: false)).ShouldBe(isDelivered);
    }
}
