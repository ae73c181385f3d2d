using System.Globalization;
using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;
using Npgsql;

namespace Gateway.Benchmarks.Proxy;

/// <summary>Starts what is compared, each with the same upstream.</summary>
internal sealed class Targets(int upstream, string folder) : IDisposable
{
    private const string Key = "11111111-2222-3333-4444-555555555555";
    private readonly List<Target> _started = [];
    private static readonly string Own = typeof(Targets).Assembly.Location;

    public static Target StartUpstream(int port) => Target.Start("upstream", ["dotnet", Own, "upstream", $"{port}"], port, "/");

    public Target StartYarp(string name, params (string Name, string Value)[] environment)
    {
        var port = Ports.Free();
        return Keep(Target.Start(name, ["dotnet", Own, "yarp", $"{port}", $"http://127.0.0.1:{upstream}"], port, "/", null, environment));
    }

    /// <returns>Null: it is not installed.</returns>
    public Target? StartNginx()
    {
        if (InstalledPrograms.Find("nginx") is not { } program)
            return null;
        var port = Ports.Free();
        var configuration = Path.Combine(folder, "nginx.conf");
        File.WriteAllText(
            configuration,
            $$"""
            daemon off;
            worker_processes auto;
            pid {{folder}}/nginx.pid;
            error_log {{folder}}/nginx.log;
            events { worker_connections 1024; }
            http {
              access_log off;
              keepalive_requests 100000000;
              client_body_temp_path {{folder}}/nginx-body;
              proxy_temp_path {{folder}}/nginx-proxy;
              fastcgi_temp_path {{folder}}/nginx-fastcgi;
              uwsgi_temp_path {{folder}}/nginx-uwsgi;
              scgi_temp_path {{folder}}/nginx-scgi;
              upstream leonardo { server 127.0.0.1:{{upstream}}; keepalive 64; keepalive_requests 100000000; }
              server {
                listen 127.0.0.1:{{port}};
                location / {
                  proxy_pass http://leonardo;
                  proxy_http_version 1.1;
                  proxy_set_header Connection "";
                  proxy_set_header Authorization "Bearer {{Key}}";
                }
              }
            }
            """
        );
        return Keep(Target.Start("nginx", [program, "-c", configuration, "-e", folder + "/nginx.log"], port, "/"));
    }

    public MeasuredGateway StartSqlite(string name, string file, params (string Name, string Value)[] environment)
    {
        var store = GatewayStore.Sqlite(file);
        var before = File.Exists(file) ? store.Count().All : 0;
        return new(StartGateway(name, "Sqlite", $"Data Source={file}", () => [], environment), store, before);
    }

    /// <param name="isFilled">Whether there is a gateway's store in the database already.</param>
    public MeasuredGateway StartPostgreSql(string name, string connection, bool isFilled = false)
    {
        var store = GatewayStore.PostgreSql(connection);
        var (before, server) = (isFilled ? store.Count().All : 0, ServerOf(connection));
        return new(StartGateway(name, "PostgreSql", connection, () => [server, .. Target.ChildrenOf(server)]), store, before);
    }

    public void Dispose() => _started.ForEach(target => target.Dispose());

    private Target StartGateway(
        string name,
        string engine,
        string connection,
        Func<IEnumerable<int>> servers,
        params (string Name, string Value)[] environment
    )
    {
        var port = Ports.Free();
        File.WriteAllText(folder + "/tenants.json", Requests.TenantsFile);
        var program =
            environment.FirstOrDefault(one => one.Name == "PROGRAM").Value ?? Path.Combine(AppContext.BaseDirectory, "Gateway.dll");
        return Keep(
            Target.Start(
                name,
                ["dotnet", program],
                port,
                "/health/ready",
                servers,
                [
                    ("ASPNETCORE_URLS", $"http://127.0.0.1:{port}"),
                    ("Leonardo__ApiKey", Key),
                    ("Leonardo__BaseUrl", $"http://127.0.0.1:{upstream}/api/rest"),
                    ("Leonardo__ConcurrentGenerations", "1000000"),
                    ("Leonardo__GenerationsPerMinute", "100000000"),
                    // The highest value: 1,667 a second, after 16,667 at once.
                    ("Leonardo__PollsPerMinute", "100000"),
                    ("Leonardo__RequestsPerMinute", "10000000"),
                    ("Storage__Engine", engine),
                    ("Storage__ConnectionString", connection),
                    ("Limits__RequestsPerSecond", "0"), // all requests of a tenant come from one address
                    ("Tenants__File", folder + "/tenants.json"),
                    .. environment,
                ]
            )
        );
    }

    private Target Keep(Target target)
    {
        _started.Add(target);
        return target;
    }

    /// <summary>The main process of a server on this machine; its children do the work.</summary>
    private static int ServerOf(string connection)
    {
        using var own = new NpgsqlConnection(connection + ";Pooling=false");
        own.Open();
        using var command = new NpgsqlCommand("select pg_backend_pid()", own);
        var stat = File.ReadAllText($"/proc/{(int)command.ExecuteScalar()!}/stat");
        return int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1], CultureInfo.InvariantCulture);
    }
}
