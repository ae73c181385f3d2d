using System.Net;
using System.Net.Sockets;
using System.Text;
using Gateway.Edge;
using Gateway.Tenants;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Serilog;

namespace Gateway.Tests.Tenants;

/// <summary>Identification on a real socket, with one route that says who is calling and one that asks nobody.</summary>
internal sealed class TenantsHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly TemporaryFolder _folder;

    private TenantsHost(WebApplication app, TemporaryFolder folder, LogLines log, IReadOnlyList<string> startupErrors)
    {
        _app = app;
        _folder = folder;
        Log = log;
        StartupErrors = startupErrors;
    }

    public LogLines Log { get; }

    public string File => Path.Combine(_folder.Path, "tenants.json");

    public TenantDirectory Directory => _app.Services.GetRequiredService<TenantDirectory>();

    public IReadOnlyList<string> StartupErrors { get; }

    /// <summary>The port of every address the host listens on, in order.</summary>
    public IReadOnlyList<Uri> Addresses => [.. _app.Urls.Select(url => new Uri(url))];

    public static async Task<TenantsHost> Start(
        string tenants,
        Dictionary<string, string?>? settings = null,
        TimeProvider? clock = null,
        Action<IWebHostBuilder>? listen = null
    )
    {
        var host = Build(tenants, settings, clock, listen);
        host.StartupErrors.ShouldBeEmpty();
        await host.Run();
        return host;
    }

    public Task Run() => _app.StartAsync(TestContext.Current.CancellationToken);

    /// <param name="tenants">Null: there is no file.</param>
    public static TenantsHost Build(
        string? tenants,
        Dictionary<string, string?>? settings = null,
        TimeProvider? clock = null,
        Action<IWebHostBuilder>? listen = null,
        string environment = "Production"
    )
    {
        var folder = new TemporaryFolder();
        var log = new LogLines();
        if (tenants is not null)
            System.IO.File.WriteAllText(Path.Combine(folder.Path, "tenants.json"), tenants);
        var builder = WebApplication.CreateBuilder(
            new WebApplicationOptions { EnvironmentName = environment, ContentRootPath = folder.Path }
        );
        builder.Configuration.AddInMemoryCollection(settings ?? []);
        builder.AddEdge();
        builder.Services.AddSerilog(logging => logging.WriteTo.Sink(log));
        builder.Services.AddSingleton(clock ?? TimeProvider.System);
        if (listen is null)
            builder.WebHost.UseUrls("http://127.0.0.1:0");
        else
            listen(builder.WebHost);
        var read = new Settings(builder.Configuration);
        builder.Services.AddTenants(read, builder.Environment);
        var app = builder.Build();
        app.UseEdge();
        app.UseRouting();
        app.UseIdentification();
        app.MapMethods("/who", ["GET", "POST"], (Caller caller) => Results.Text($"{caller.Tenant.Id} by {caller.IdentifiedBy}"));
        app.MapGet("/open", () => "anyone").WithMetadata(new AllowAnonymousTenant());
        return new TenantsHost(app, folder, log, read.Errors);
    }

    /// <summary>Sends one request and says how it was answered: <c>a by network</c>, or the status with the problem's detail.</summary>
    public async Task<Reply> Ask(Func<HttpRequestMessage, HttpRequestMessage>? with = null, string from = "127.0.0.1", string path = "/who")
    {
        using var client = ClientFrom(from, Addresses[0]);
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        using var response = await client.SendAsync((with ?? (r => r))(request), TestContext.Current.CancellationToken);
        return await Reply.Of(response);
    }

    /// <summary>Sends these header lines as they are, which no HTTP client would.</summary>
    public Task<Reply> AskRaw(string from, params string[] headers) => AskRaw(IPAddress.Parse(from), "/who", headers);

    public async Task<Reply> AskRaw(IPAddress from, string path, params string[] headers)
    {
        var address = Addresses[0];
        var target = IPAddress.Parse(address.Host is "[::]" && from.AddressFamily == AddressFamily.InterNetworkV6 ? "::1" : "127.0.0.1");
        using var socket = new Socket(from.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(from, 0));
        await socket.ConnectAsync(new IPEndPoint(target, address.Port), TestContext.Current.CancellationToken);
        await using var stream = new NetworkStream(socket);
        var host = headers.Any(line => line.StartsWith("Host:", StringComparison.Ordinal)) ? "" : "Host: gateway\r\n";
        var lines = string.Concat(headers.Select(line => line + "\r\n"));
        await stream.WriteAsync(
            Encoding.UTF8.GetBytes($"GET {path} HTTP/1.1\r\n{host}Connection: close\r\n{lines}\r\n"),
            TestContext.Current.CancellationToken
        );
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return Reply.OfRaw(await reader.ReadToEndAsync(TestContext.Current.CancellationToken));
    }

    public static HttpClient ClientFrom(string localAddress, Uri address)
    {
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectCallback = async (context, cancellationToken) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                socket.Bind(new IPEndPoint(IPAddress.Parse(localAddress), 0));
                await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        return new HttpClient(handler) { BaseAddress = address };
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
        _folder.Dispose();
    }
}
