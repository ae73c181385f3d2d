using Gateway.Edge.Addresses;
using Gateway.Edge.Content;
using Gateway.Edge.Delivery;
using Gateway.Edge.Documentation;
using Gateway.Edge.Http;
using Gateway.Edge.Limits;
using Gateway.Edge.Logging;
using Gateway.Edge.Outgoing;
using Gateway.Edge.Problems;
using Gateway.Edge.Rates;

namespace Gateway.Edge;

/// <summary>What applies to every request, before any feature: server limits, the log, request ids, problems.</summary>
internal static class EdgeFeature
{
    public const int MaxBodyBytes = 128 * 1024;

    /// <summary>
    /// The server's own limit; each route enforces a far smaller one. Kestrel drains a refused body for five seconds,
    /// so that a client that is still sending can read the refusal.
    /// </summary>
    private const long MaxDrainedBytes = 64 * 1024 * 1024;

    public static void AddEdge(this WebApplicationBuilder builder, Settings settings)
    {
        var configured = LimitOptions.Read(settings, OpenFiles.Limit);
        builder.Services.AddSingleton(configured);
        var trustedProxies = TrustedProxies.Read(settings);
        builder.Services.AddSingleton(trustedProxies);
        var management = ManagementPort.Add(builder, settings);
        builder.Services.AddSingleton(management);
        builder.Services.AddSingleton(PublicUrl.Read(settings, trustedProxies, management));
        builder.Services.AddSingleton<ConnectionLimit>();
        builder.Services.AddSingleton<AnonymousRequests>();
        builder.Services.AddSingleton(OutgoingOptions.Read(settings));
        builder.Services.AddSingleton<OutgoingConnections>();
        builder.Services.AddCrossOrigin(settings);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.ConfigureEndpointDefaults(listen =>
            {
                ConnectionLimit.Apply(listen);
                AnswerDelivery.Observe(listen);
            });
            var limits = kestrel.Limits;
            limits.MaxRequestBodySize = MaxDrainedBytes;
            limits.MaxRequestHeaderCount = 64;
            limits.MaxRequestHeadersTotalSize = 16 * 1024;
            limits.MaxRequestLineSize = 4 * 1024;
            limits.RequestHeadersTimeout = configured.HeadersTimeout;
            limits.KeepAliveTimeout = TimeSpan.FromSeconds(30);
            limits.MinRequestBodyDataRate = new(configured.MinBytesPerSecond, configured.GracePeriod);
            limits.MinResponseDataRate = new(configured.MinBytesPerSecond, configured.GracePeriod);
            limits.Http2.MaxStreamsPerConnection = 100;
        });
        builder.AddLog(settings);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddHealthChecks();
        builder.Services.Configure<ApiDocumentation>(EdgeDocumentation.Describe);
    }

    public static void UseEdge(this WebApplication app)
    {
        app.Use(ConnectionLimit.OnRequestAsync);
        app.Use(AnswerDelivery.OnRequestAsync);
        app.UseMiddleware<RequestId>();
        app.UseMiddleware<SecurityHeaders>();
        app.UseMiddleware<RequestLogMiddleware>();
        app.UseMiddleware<ProblemMiddleware>();
        app.Use(OperatorPaths.OnRequestAsync);
        if (app.Services.GetRequiredService<ManagementOptions>().Port is not null)
            app.UseMiddleware<ManagementPort>();
        app.UseMiddleware<RequestSmugglingGuard>();
        app.UseCrossOrigin();
    }

    /// <summary>After routing, which says what a request is for, and before everything that costs something.</summary>
    public static void UseRates(this WebApplication app)
    {
        if (app.Services.GetRequiredService<LimitOptions>().RequestsPerSecond > 0)
            app.UseMiddleware<AddressRateLimit>();
        app.UseMiddleware<AnonymousRateLimit>();
    }

    /// <summary>The console and the style of the problem pages; Swagger UI serves its own files.</summary>
    public static void UseStaticContent(this IApplicationBuilder app) => app.UseMiddleware<StaticContent>();

    /// <summary>After routing: the endpoint declares what it answers with.</summary>
    public static void UseNegotiation(this IApplicationBuilder app) => app.UseMiddleware<ContentNegotiation>();

    public static void MapEdge(this IEndpointRouteBuilder routes)
    {
        routes.MapProblemPages();
        routes.MapHealth();
    }
}
