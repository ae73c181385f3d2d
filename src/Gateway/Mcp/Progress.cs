using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Gateway.Mcp;

/// <summary>Tells a host that asked for it that its call is still running.</summary>
/// <param name="token">Null: it did not ask.</param>
internal sealed class Progress(McpServer server, ProgressToken? token, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private readonly long _began = time.GetTimestamp();
    private float _last = -1;

    /// <summary>Never leaves <paramref name="work"/> alone: it may cost money.</summary>
    public async Task<T> WhileAsync<T>(Task<T> work, string message, CancellationToken cancellationToken)
    {
        if (token is not { } known)
            return await work;
        try
        {
            while (!work.IsCompleted)
            {
                await NotifyAsync(known, message, cancellationToken);
                using var pause = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                await Task.WhenAny(work, Task.Delay(Interval, time, pause.Token));
                await pause.CancelAsync();
            }
        }
        catch (Exception exception)
            when (exception is OperationCanceledException or IOException or InvalidOperationException or McpException)
        {
            // Nobody reads it any more.
        }
        return await work;
    }

    /// <summary>A value that grows with each notification, as the protocol requires: seconds.</summary>
    private Task NotifyAsync(ProgressToken known, string message, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var seconds = MathF.Max(MathF.Floor((float)time.GetElapsedTime(_began).TotalSeconds), _last + 0.5f);
        _last = seconds;
        return server.NotifyProgressAsync(
            known,
            new ProgressNotificationValue { Progress = seconds, Message = $"{message} ({seconds:0} s)" },
            cancellationToken: cancellationToken
        );
    }
}
