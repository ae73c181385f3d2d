using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Gateway.Edge.Limits;

/// <summary>
/// Bounds the open connections of callers. When all are in use, the one that has longest carried no request of a tenant
/// makes room for a new one: silent connections, and those of callers that nobody knows, keep no tenant out (T-J1,
/// T-K7).
/// </summary>
/// <remarks>
/// Not the server's own limit: that one closes every new connection, and counts those that are being closed.
/// </remarks>
internal sealed partial class ConnectionLimit(LimitOptions limits, TimeProvider time, ILogger<ConnectionLimit> log)
{
    private static readonly TimeSpan BetweenWarnings = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly LinkedList<OpenConnection> _expendable = new();
    private int _open;
    private int _closed;
    private long? _warned;

    public static void Apply(ListenOptions listen) =>
        listen.Use(next => connection => listen.ApplicationServices.GetRequiredService<ConnectionLimit>().RunAsync(connection, next));

    /// <summary>The connection carries a request. Until it proves to be of no tenant, the connection is kept.</summary>
    public static Task OnRequestAsync(HttpContext context, RequestDelegate next)
    {
        context.Features.Get<OpenConnection>()?.Keep();
        return next(context);
    }

    /// <summary>The request belongs to no tenant: its connection may be closed for another one.</summary>
    public static void OnAnonymousRequest(HttpContext context) => context.Features.Get<OpenConnection>()?.Release();

    private async Task RunAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var open = new OpenConnection(this, connection);
        if (!TryAdd(open))
        {
            connection.Abort(new ConnectionAbortedException("All connections of Limits:Connections are in use."));
            return;
        }
        connection.Features.Set(open);
        try
        {
            await next(connection);
        }
        finally
        {
            lock (_lock)
                open.Close();
        }
    }

    private bool TryAdd(OpenConnection added)
    {
        OpenConnection? oldest = null;
        lock (_lock)
        {
            if (_open >= limits.Connections)
            {
                Warn();
                if (_expendable.First is not { } first)
                    return false;
                oldest = first.Value;
                // Aborting closes its socket at once; the rest of its end follows.
                oldest.Close();
            }
            _open++;
            added.List();
        }
        oldest?.Connection.Abort(
            new ConnectionAbortedException("All connections of Limits:Connections are in use, and no tenant used this one.")
        );
        return true;
    }

    /// <summary>Under the lock.</summary>
    private void Warn()
    {
        _closed++;
        if (_warned is { } at && time.GetElapsedTime(at) < BetweenWarnings)
            return;
        Log.Full(log, limits.Connections, _closed);
        (_warned, _closed) = (time.GetTimestamp(), 0);
    }

    /// <summary>A connection, and its place among those that may be closed for another one.</summary>
    private sealed class OpenConnection(ConnectionLimit limit, ConnectionContext connection)
    {
        private LinkedListNode<OpenConnection>? _place;
        private volatile bool _isKept;
        private bool _isClosed;

        public ConnectionContext Connection => connection;

        public void Keep()
        {
            if (_isKept)
                return;
            lock (limit._lock)
                Unlist();
            _isKept = true;
        }

        public void Release()
        {
            lock (limit._lock)
            {
                Unlist();
                if (!_isClosed)
                    List();
            }
            _isKept = false;
        }

        /// <summary>Under the lock.</summary>
        public void List() => _place = limit._expendable.AddLast(this);

        /// <summary>Under the lock. Does nothing a second time.</summary>
        public void Close()
        {
            Unlist();
            if (_isClosed)
                return;
            _isClosed = true;
            limit._open--;
        }

        private void Unlist()
        {
            if (_place?.List is not null)
                limit._expendable.Remove(_place);
            _place = null;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            Level = LogLevel.Warning,
            Message = "All {Connections} connections are in use (Limits:Connections, and the limit of open files). "
                + "{Closed} were closed since the last such entry, those without a request of a tenant first. Find out who opens them"
        )]
        public static partial void Full(ILogger logger, int connections, int closed);
    }
}
