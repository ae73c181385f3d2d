using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Transforms;

namespace Gateway.Benchmarks.Proxy;

/// <summary>The baseline: YARP with one route that adds the key, and its defaults for everything else.</summary>
internal static class BareYarp
{
    public static async Task RunAsync(string port, string upstream)
    {
        var builder = WebApplication.CreateBuilder();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder
            .Services.AddReverseProxy()
            .LoadFromMemory(
                [
                    new RouteConfig
                    {
                        RouteId = "all",
                        ClusterId = "leonardo",
                        Match = new RouteMatch { Path = "{**path}" },
                    }.WithTransformRequestHeader("authorization", "Bearer 11111111-2222-3333-4444-555555555555"),
                ],
                [
                    new ClusterConfig
                    {
                        ClusterId = "leonardo",
                        Destinations = new Dictionary<string, DestinationConfig>(StringComparer.Ordinal)
                        {
                            ["one"] = new() { Address = upstream },
                        },
                    },
                ]
            );
        var app = builder.Build();
        app.MapReverseProxy();
        await app.RunAsync();
    }
}
