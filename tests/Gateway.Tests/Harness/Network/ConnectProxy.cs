using System.Collections.Concurrent;
using System.Text;

namespace Gateway.Tests.Harness.Network;

/// <summary>An HTTP proxy that opens tunnels (CONNECT) to names that only it can resolve.</summary>
internal sealed class ConnectProxy : Relay
{
    private readonly ConcurrentQueue<string> _targets = new();

    public ConnectProxy() => Start();

    public Uri Address => new($"http://127.0.0.1:{Port}");

    /// <summary>The port of this machine behind each name.</summary>
    public ConcurrentDictionary<string, int> Names { get; } = new(StringComparer.Ordinal);

    /// <summary>What it was asked to connect to, as <c>name:port</c>.</summary>
    public IReadOnlyList<string> Targets => [.. _targets];

    /// <summary><c>user:password</c>; null: anybody may use it.</summary>
    public string? Credentials { get; init; }

    /// <summary>Answers every CONNECT with this status; null: opens the tunnel.</summary>
    public string? Refusal { get; set; }

    protected override async Task ServeAsync(Stream caller, CancellationToken cancellationToken)
    {
        while (await HeadAsync(caller, cancellationToken) is { Length: > 0 } head)
        {
            var target = head.Split(' ')[1];
            _targets.Enqueue(target);
            var name = target.Split(':')[0];
            var refusal =
                !IsAuthorized(head) ? "407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"proxy\""
                : Refusal is not null ? Refusal
                : !Names.ContainsKey(name) ? "502 Bad Gateway"
                : null;
            var answer = refusal is null
                ? "HTTP/1.1 200 Connection established\r\n\r\n"
                : $"HTTP/1.1 {refusal}\r\nContent-Length: 0\r\n\r\n";
            await caller.WriteAsync(Encoding.ASCII.GetBytes(answer), cancellationToken);
            if (refusal is null)
            {
                await PipeAsync(caller, Names[name], cancellationToken);
                return;
            }
        }
    }

    private bool IsAuthorized(string head) =>
        Credentials is null
        || head.Contains("Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes(Credentials)), StringComparison.OrdinalIgnoreCase);

    private static async Task<string> HeadAsync(Stream caller, CancellationToken cancellationToken)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await caller.ReadAsync(one, cancellationToken) == 0)
                return "";
            head.Append((char)one[0]);
        }
        return head.ToString();
    }
}
