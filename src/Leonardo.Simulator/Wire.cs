using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Leonardo.Simulator;

/// <summary>
/// Faults below HTTP, and faulty bodies. Everything that waits ends when the peer disconnects or the simulator stops.
/// </summary>
internal static class Wire
{
    private static readonly byte[] Chunk = Encoding.ASCII.GetBytes(new string('x', 16 * 1024));

    /// <summary>A TCP reset: closes with a linger time of zero. Kestrel's own abort may send FIN first.</summary>
    public static void Reset(HttpContext context)
    {
        GetSocket(context).Close(timeout: 0);
        context.Abort();
    }

    /// <summary>Closes the connection cleanly, before the answer.</summary>
    public static void Close(HttpContext context)
    {
        var socket = GetSocket(context);
        socket.Shutdown(SocketShutdown.Both);
        socket.Close();
        context.Abort();
    }

    /// <summary>
    /// States the length of the answer and closes after half of it. Bypasses Kestrel, so that the half is sent before
    /// the close.
    /// </summary>
    public static async Task TruncateAsync(HttpContext context, byte[] body)
    {
        var head = string.Create(
            CultureInfo.InvariantCulture,
            $"HTTP/1.1 200 OK\r\nContent-Type: {Reply.JsonType}\r\nContent-Length: {body.Length}\r\n\r\n"
        );
        await GetSocket(context)
            .SendAsync((byte[])[.. Encoding.ASCII.GetBytes(head), .. body.AsSpan(0, body.Length / 2)], context.RequestAborted);
        Close(context);
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

    /// <summary>The first bytes; then the connection is broken off.</summary>
    public static async Task CutAsync(HttpContext context, string contentType, ReadOnlyMemory<byte> body, int sent)
    {
        context.Response.ContentType = contentType;
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body[..sent], context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
        // What the receiver has not read yet would be lost with the reset.
        await Task.Delay(TimeSpan.FromMilliseconds(250), context.RequestAborted);
        context.Abort();
    }

    /// <summary>The correct bytes, a few at a time.</summary>
    public static async Task DripAsync(HttpContext context, string contentType, ReadOnlyMemory<byte> body, int portion)
    {
        context.Response.ContentType = contentType;
        context.Response.ContentLength = body.Length;
        for (var sent = 0; sent < body.Length; sent += portion)
        {
            await context.Response.Body.WriteAsync(body.Slice(sent, Math.Min(portion, body.Length - sent)), context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            await Task.Delay(TimeSpan.FromMilliseconds(250), context.RequestAborted);
        }
    }

    private static Socket GetSocket(HttpContext context) => context.Features.GetRequiredFeature<IConnectionSocketFeature>().Socket;
}
