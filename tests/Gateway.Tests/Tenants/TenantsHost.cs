using System.Net;
using System.Net.Sockets;
using Gateway.Edge;
using Gateway.Tenants;
using Gateway.Tenants.Identification;
using Gateway.Tests.Harness;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Serilog;

namespace Gateway.Tests.Tenants;

/// <summary>
/// Identification on a real socket, with one route that says who is calling and one that asks nobody.
/// </summary>
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
        var read = new Settings(builder.Configuration);
        builder.AddEdge(read);
        // Preserved: tests run side by side, and each must hear its own host alone.
        builder.Services.AddSerilog(logging => logging.WriteTo.Sink(log), preserveStaticLogger: true);
        builder.Services.AddSingleton(clock ?? TimeProvider.System);
        if (listen is null)
            builder.WebHost.UseUrls("http://127.0.0.1:0");
        else
            listen(builder.WebHost);
        builder.Services.AddTenants(read, builder.Environment);
        var app = builder.Build();
        app.UseEdge();
        app.UseRouting();
        app.UseIdentification();
        app.MapMethods("/who", ["GET", "POST"], (Caller caller) => TypedResults.Text($"{caller.Tenant.Id} by {caller.IdentifiedBy}"));
        app.MapGet("/open", () => "anyone").WithMetadata(new AllowAnonymousTenant());
        return new TenantsHost(app, folder, log, read.Errors);
    }

    /// <summary>
    /// Sends one request and says how it was answered: <c>a by network</c>, or the status with the problem's detail.
    /// </summary>
    public async Task<Reply> Ask(Func<HttpRequestMessage, HttpRequestMessage>? with = null, string from = "127.0.0.1", string path = "/who")
    {
        using var client = ClientFrom(from, Addresses[0]);
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        using var response = await client.SendAsync((with ?? (r => r))(request), TestContext.Current.CancellationToken);
        return await Reply.Of(response);
    }

    /// <summary>Sends these header lines as they are, which no HTTP client would.</summary>
    public Task<Reply> AskRaw(string from, params string[] headers) => AskRaw(IPAddress.Parse(from), "/who", headers);

    public Task<Reply> AskRaw(IPAddress from, string path, params string[] headers) => RawCaller.Ask(Addresses[0], from, path, headers);

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
