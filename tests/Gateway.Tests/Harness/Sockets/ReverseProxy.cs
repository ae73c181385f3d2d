using System.Diagnostics;
using System.Net.Sockets;

namespace Gateway.Tests.Harness.Sockets;

/// <summary>
/// A real nginx or HAProxy in front of a gateway: with the file of deploy/ as it is, but for the port that it listens
/// on, or with a configuration that a test writes.
/// </summary>
internal sealed class ReverseProxy : IAsyncDisposable
{
    private readonly Process _process;

    private ReverseProxy(Process process, Uri address) => (_process, Address) = (process, address);

    public Uri Address { get; }

    /// <param name="change">What an operator changes in the file.</param>
    public static Task<ReverseProxy> StartShippedAsync(
        string program,
        TemporaryFolder folder,
        Uri gateway,
        Func<string, string>? change = null
    ) =>
        program switch
        {
            "nginx" => StartShippedNginxAsync(folder, [gateway], change),
            "haproxy" => StartShippedHaproxyAsync(folder, gateway, change),
            _ => throw new ArgumentOutOfRangeException(nameof(program), program, "There is no such file in deploy/."),
        };

    /// <param name="gateways">Replicas, which get requests in turn.</param>
    /// <param name="change">What an operator changes in the file.</param>
    public static async Task<ReverseProxy> StartShippedNginxAsync(
        TemporaryFolder folder,
        IEnumerable<Uri> gateways,
        Func<string, string>? change
    )
    {
        var port = Ports.Free();
        var shipped = (await File.ReadAllTextAsync(Repository.Path("deploy/nginx/nginx.conf"), TestContext.Current.CancellationToken))
            .Replace("listen 8080", $"listen 127.0.0.1:{port}", StringComparison.Ordinal)
            .Replace("/tmp/", folder["nginx-"], StringComparison.Ordinal);
        var servers = string.Concat(gateways.Select(gateway => $"server {gateway.Authority} max_fails=1 fail_timeout=2s;\n"));
        await File.WriteAllTextAsync(folder["upstream.conf"], servers, TestContext.Current.CancellationToken);
        return await StartNginxAsync(folder, change is null ? shipped : change(shipped), new Uri($"http://127.0.0.1:{port}"));
    }

    /// <param name="servers">Of the block <c>http</c>.</param>
    /// <param name="address">Where the first of them listens.</param>
    public static Task<ReverseProxy> StartNginxServersAsync(TemporaryFolder folder, string servers, Uri address) =>
        StartNginxAsync(
            folder,
            $$"""
            pid {{folder["nginx.pid"]}};
            error_log stderr warn;
            events { }
            http {
              client_body_temp_path {{folder["nginx-client"]}};
              proxy_temp_path {{folder["nginx-proxy"]}};
              fastcgi_temp_path {{folder["nginx-fastcgi"]}};
              uwsgi_temp_path {{folder["nginx-uwsgi"]}};
              scgi_temp_path {{folder["nginx-scgi"]}};
              access_log off;
              client_max_body_size 26m;
              {{servers}}
            }
            """,
            address
        );

    public async ValueTask DisposeAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static async Task<ReverseProxy> StartNginxAsync(TemporaryFolder folder, string configuration, Uri address)
    {
        await File.WriteAllTextAsync(folder["nginx.conf"], configuration, TestContext.Current.CancellationToken);
        // Its workers must be able to write into the folder.
        var user = Environment.UserName == "root" ? " user root;" : "";
        return await StartAsync("nginx", ["-c", folder["nginx.conf"], "-p", folder.Path, "-g", "daemon off;" + user], address);
    }

    private static async Task<ReverseProxy> StartShippedHaproxyAsync(TemporaryFolder folder, Uri gateway, Func<string, string>? change)
    {
        var port = Ports.Free();
        var shipped = (
            await File.ReadAllTextAsync(Repository.Path("deploy/haproxy/haproxy.cfg"), TestContext.Current.CancellationToken)
        ).Replace("bind :8080", $"bind 127.0.0.1:{port}", StringComparison.Ordinal);
        await File.WriteAllTextAsync(
            folder["haproxy.cfg"],
            change is null ? shipped : change(shipped),
            TestContext.Current.CancellationToken
        );
        await File.WriteAllTextAsync(
            folder["servers.cfg"],
            $"backend gateway\n  server one {gateway.Authority}\n",
            TestContext.Current.CancellationToken
        );
        return await StartAsync(
            "haproxy",
            ["-db", "-f", folder["haproxy.cfg"], "-f", folder["servers.cfg"]],
            new Uri($"http://127.0.0.1:{port}")
        );
    }

    private static async Task<ReverseProxy> StartAsync(string program, string[] arguments, Uri address)
    {
        Tools.Need(program);
        var proxy = new ReverseProxy(Process.Start(program, arguments), address);
        await Eventually.HoldsAsync(async () =>
        {
            if (proxy._process.HasExited)
                throw new InvalidOperationException($"{program} exited during its start with code {proxy._process.ExitCode}");
            try
            {
                using var connection = new TcpClient();
                await connection.ConnectAsync(address.Host, address.Port, TestContext.Current.CancellationToken);
                return true;
            }
            catch (SocketException)
            {
                return false;
            }
        });
        return proxy;
    }
}
