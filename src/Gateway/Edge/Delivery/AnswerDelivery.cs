using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Gateway.Edge.Delivery;

/// <summary>
/// Whether an answer that was written has reached its caller: the connection carried another request, was closed in
/// order, or was not reset within a second. Kestrel says nothing about a peer that closed an instant before the answer
/// was written; that peer answers with a reset.
/// </summary>
internal sealed class AnswerDelivery(ConnectionContext connection, IHostApplicationLifetime application)
{
    private readonly List<WatchedAnswer> _watched = [];

    /// <summary>Before TLS: the socket's own state is asked for.</summary>
    public static void Observe(ListenOptions listen) =>
        listen.Use(next =>
            async connection =>
            {
                var application = listen.ApplicationServices.GetRequiredService<IHostApplicationLifetime>();
                var delivery = new AnswerDelivery(connection, application);
                connection.Features.Set(delivery);
                await using var stopping = application.ApplicationStopping.UnsafeRegister(
                    static state => ((AnswerDelivery)state!).OnStopping(),
                    delivery
                );
                await next(connection);
            }
        );

    /// <summary>The connection carries another request: its caller has received what it asked for before.</summary>
    public static Task OnRequestAsync(HttpContext context, RequestDelegate next)
    {
        context.Features.Get<AnswerDelivery>()?.OnRequest();
        return next(context);
    }

    /// <returns>
    /// Says whether the caller has closed the connection or has reset it, which a busy server notices late. Null: this
    /// system or this connection does not show it.
    /// </returns>
    public static Func<bool>? WatchCaller(HttpContext context) =>
        OperatingSystem.IsLinux() && context.Features.Get<IConnectionSocketFeature>()?.Socket is { } socket
            ? () => ObservedSocket.IsClosedByPeer(socket)
            : null;

    /// <summary>To be called before the answer is written.</summary>
    public static WatchedAnswer Watch(HttpContext context) =>
        context.Features.Get<AnswerDelivery>() is { } connection ? connection.Watch(IsLast(context)) : WatchedAnswer.Unobserved;

    /// <summary>Whether the gateway itself closes the connection after this answer.</summary>
    private static bool IsLast(HttpContext context) =>
        context.Request.Protocol == HttpProtocol.Http10
        || context.Request.Headers.Connection.ToString().Contains("close", StringComparison.OrdinalIgnoreCase)
        || context.Response.Headers.Connection.ToString().Contains("close", StringComparison.OrdinalIgnoreCase);

    private WatchedAnswer Watch(bool isLast)
    {
        var socket = OperatingSystem.IsLinux() ? connection.Features.Get<IConnectionSocketFeature>()?.Socket : null;
        var answer = new WatchedAnswer(
            isObservable: socket is not null,
            // Now: a busy server closes its own handle before it says that the connection is closed.
            socket is null
                ? null
                : ObservedSocket.Open(socket),
            isLast || application.ApplicationStopping.IsCancellationRequested,
            Forget
        );
        lock (_watched)
            _watched.Add(answer);
        answer.CloseOn(connection.ConnectionClosed);
        return answer;
    }

    /// <summary>The gateway closes every connection now, and its sockets with them.</summary>
    private void OnStopping()
    {
        lock (_watched)
        {
            foreach (var answer in _watched)
                answer.OnClosed();
        }
    }

    private void Forget(WatchedAnswer answer)
    {
        lock (_watched)
            _watched.Remove(answer);
    }

    private void OnRequest()
    {
        lock (_watched)
        {
            foreach (var answer in _watched)
                answer.OnNextRequest();
        }
    }
}
