using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Leonardo.Simulator;

/// <summary>
/// Simulates https://cloud.leonardo.ai on a real socket, by Leonardo's documentation and recorded replies: one account
/// with its keys, credit, slots and queue, the images it creates, and faults that a client has to survive.
/// </summary>
public sealed class LeonardoSimulator : IAsyncDisposable
{
    private readonly CancellationTokenSource shutdown = new();
    private readonly FaultScript script = new();
    private readonly Account account;
    private readonly Reception reception;
    private readonly Control control;
    private readonly Cdn cdn;
    private readonly WebApplication app;

    private LeonardoSimulator(SimulatorOptions options)
    {
        account = new Account(options);
        reception = new Reception(account, shutdown.Token);
        control = new Control(this);
        cdn = new Cdn(account, script);
        app = Build(options);
        MapRoutes();
    }

    public Uri Address { get; private set; } = new("http://127.0.0.1");

    /// <summary>Replaces <c>https://cloud.leonardo.ai/api/rest</c> in a client.</summary>
    public Uri BaseUrl => new(Address, "/api/rest");

    public string Key => account.Options.Key;

    public string AccountUserId => account.Options.AccountUserId;

    /// <summary>A copy of the requests so far, oldest first.</summary>
    public IReadOnlyList<ReceivedRequest> Received => reception.Received;

    /// <summary>Every charge so far, oldest first.</summary>
    public IReadOnlyList<InvoiceLine> Invoice => account.Invoice();

    public SimulatorStats Stats => account.Stats(reception.Count, control.TrapHits);

    /// <exception cref="ArgumentException">A key is not a UUID.</exception>
    /// <exception cref="IOException">The port is in use.</exception>
    /// <exception cref="System.Net.Sockets.SocketException">The address does not belong to this machine.</exception>
    public static async Task<LeonardoSimulator> StartAsync(SimulatorOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new SimulatorOptions();
        RequireUuids([options.Key]);
        var simulator = new LeonardoSimulator(options);
        try
        {
            await simulator.app.StartAsync(cancellationToken);
        }
        catch
        {
            await simulator.DisposeAsync();
            throw;
        }

        var port = new Uri(simulator.app.Urls.First()).Port;
        var host = options.Bind.Equals(System.Net.IPAddress.Any) ? System.Net.IPAddress.Loopback : options.Bind;
        simulator.Address = new UriBuilder(Uri.UriSchemeHttp, host.ToString(), port).Uri;
        simulator.account.Origin = options.PublicUrl ?? simulator.Address;
        return simulator;
    }

    /// <summary>Gives the next POSTs of generations these faults, in order; <c>ok</c> is no fault.</summary>
    /// <exception cref="ArgumentException">Unknown fault.</exception>
    public void ScriptNext(params string[] faults) => script.Add(Faults.PostTarget, faults);

    /// <summary>The same for another target: get, list, me, models, delete, init-image, upload, cdn.</summary>
    /// <exception cref="ArgumentException">Unknown target, or unknown fault for it.</exception>
    public void Script(string target, params string[] faults) => script.Add(target, faults);

    /// <exception cref="ArgumentException">A key is not a UUID.</exception>
    public void Change(SimulatorChange change)
    {
        RequireUuids(change.Keys ?? (change.Key is null ? [] : [change.Key]));
        account.Change(change);
    }

    /// <summary>
    /// Restores the initial options and deletes all requests, generations, charges and scripted faults.
    /// </summary>
    public void Reset()
    {
        account.Reset();
        reception.Reset();
        control.Reset();
        script.Clear();
        cdn.Clear();
    }

    public async ValueTask DisposeAsync()
    {
        await shutdown.CancelAsync();
        using (var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(2)))
        {
            await app.StopAsync(timeout.Token);
        }

        await app.DisposeAsync();
        shutdown.Dispose();
    }

    /// <summary>Uses the empty builder, so that no configuration or logging of a host process applies.</summary>
    private WebApplication Build(SimulatorOptions options)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "Leonardo.Simulator" });
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<IHostLifetime, NoSignals>();
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Listen(options.Bind, options.Port, endpoint => endpoint.Protocols = HttpProtocols.Http1);
        });
        var built = builder.Build();
        built.Use(reception.RecordAsync);
        built.Use(reception.AuthorizeAsync);
        return built;
    }

    private void MapRoutes()
    {
        var creation = new Creation(account, script);
        var reading = new Reading(account, script);
        var uploads = new Uploads(account, script);
        var api = app.MapGroup("/api/rest");
        api.MapPost("/v2/generations", creation.PostAsync);
        api.MapGet("/v2/models", reading.ModelsAsync);
        api.MapGet("/v1/me", reading.MeAsync);
        api.MapGet("/v1/generations/user/{userId}", reading.ListAsync);
        api.MapGet("/v1/generations/{id}", reading.GetAsync);
        api.MapDelete("/v1/generations/{id}", reading.DeleteAsync);
        api.MapPost("/v1/init-image", uploads.PostAsync);
        api.MapGet("/v1/init-image/{id}", uploads.GetAsync);
        api.MapDelete("/v1/init-image/{id}", uploads.DeleteAsync);
        api.MapFallback("{**path}", (RequestDelegate)(context => Replies.NoSuchEndpoint.WriteAsync(context)));

        app.MapPost("/s3/upload", uploads.UploadAsync);
        app.MapMethods("/users/{userId}/generations/{id}/{file}", [HttpMethods.Get, HttpMethods.Head], cdn.ImageAsync);
        app.MapMethods("/users/{userId}/initImages/{file}", [HttpMethods.Get, HttpMethods.Head], cdn.UploadAsync);

        var simulatorRoutes = app.MapGroup("/_sim");
        simulatorRoutes.MapGet("/invoice", control.InvoiceAsync);
        simulatorRoutes.MapGet("/received", control.ReceivedAsync);
        simulatorRoutes.MapGet("/stats", control.StatsAsync);
        simulatorRoutes.MapPost("/faults", control.FaultsAsync);
        simulatorRoutes.MapPost("/options", control.OptionsAsync);
        simulatorRoutes.MapPost("/reset", control.ResetAsync);
        simulatorRoutes.Map("/trap", control.TrapAsync);
    }

    private static void RequireUuids(IEnumerable<string> keys)
    {
        if (keys.Any(key => !Guid.TryParseExact(key, "D", out _)))
        {
            throw new ArgumentException("Leonardo's keys are UUIDs, so the simulator's keys must be UUIDs too", nameof(keys));
        }
    }

    /// <summary>Signals belong to the host process; the default lifetime would catch them.</summary>
    private sealed class NoSignals : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
