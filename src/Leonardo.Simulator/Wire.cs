using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Leonardo.Simulator;

/// <summary>Misbehaviour below HTTP, and bodies that do not behave. Everything that waits ends when the peer goes or the simulator stops.</summary>
internal static class Wire
{
    private static readonly byte[] Chunk = Encoding.ASCII.GetBytes(new string('x', 16 * 1024));

    /// <summary>A TCP reset: closing with a linger time of zero. Kestrel's own abort may say FIN first.</summary>
    public static void Reset(HttpContext context)
    {
        Socket(context).Close(timeout: 0);
        context.Abort();
    }

    /// <summary>A clean end of the connection, before the answer.</summary>
    public static void Finish(HttpContext context)
    {
        var socket = Socket(context);
        socket.Shutdown(SocketShutdown.Both);
        socket.Close();
        context.Abort();
    }

    /// <summary>Says how long the answer is and breaks off in its middle. Written past Kestrel, so that the half is on the wire before the end is.</summary>
    public static async Task BreakOffAsync(HttpContext context, byte[] body)
    {
        var head = string.Create(
            CultureInfo.InvariantCulture,
            $"HTTP/1.1 200 OK\r\nContent-Type: {Reply.JsonType}\r\nContent-Length: {body.Length}\r\n\r\n"
        );
        await Socket(context)
            .SendAsync((byte[])[.. Encoding.ASCII.GetBytes(head), .. body.AsSpan(0, body.Length / 2)], context.RequestAborted);
        Finish(context);
    }

    public static async Task HangAsync(HttpContext context)
    {
        await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        context.Abort();
    }

    public static async Task EndlessAsync(HttpContext context, string contentType)
    {
        context.Response.ContentType = contentType;
        while (!context.RequestAborted.IsCancellationRequested)
        {
            await context.Response.Body.WriteAsync(Chunk, context.RequestAborted);
        }
    }

    /// <summary>The right bytes, a few at a time.</summary>
    public static async Task DripAsync(HttpContext context, string contentType, ReadOnlyMemory<byte> body, int portion)
    {
        context.Response.ContentType = contentType;
        context.Response.ContentLength = body.Length;
        for (var at = 0; at < body.Length; at += portion)
        {
            await context.Response.Body.WriteAsync(body.Slice(at, Math.Min(portion, body.Length - at)), context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            await Task.Delay(TimeSpan.FromMilliseconds(250), context.RequestAborted);
        }
    }

    private static Socket Socket(HttpContext context) => context.Features.GetRequiredFeature<IConnectionSocketFeature>().Socket;
}
