namespace Gateway.Edge.Http;

/// <summary>
/// CORS, off unless <c>Cors:Origins</c> lists the pages that may call. They need a token: a foreign page is never
/// identified by its network.
/// </summary>
internal static class CrossOrigin
{
    private const string Name = "Cors:Origins";

    public static void AddCrossOrigin(this IServiceCollection services, Settings settings)
    {
        var origins = settings.List(Name);
        foreach (var origin in origins)
        {
            if (
                !Uri.TryCreate(origin, UriKind.Absolute, out var uri)
                || uri.GetLeftPart(UriPartial.Authority) != origin
                || !uri.Scheme.StartsWith("http", StringComparison.Ordinal)
            )
                settings.AddError(Name, $"{origin} must be an origin such as https://studio.example: no path, no wildcard");
        }
        if (origins.Count == 0)
            return;
        services.AddCors(cors =>
            cors.AddDefaultPolicy(policy =>
                policy
                    .WithOrigins([.. origins])
                    .WithMethods(HttpMethods.Get, HttpMethods.Post, HttpMethods.Delete)
                    .WithHeaders("authorization", "content-type", "idempotency-key", "prefer", "range", "x-request-id", "last-event-id")
                    // Of the Model Context Protocol.
                    .WithHeaders("mcp-protocol-version", "mcp-method", "mcp-name")
                    .WithExposedHeaders(
                        "location",
                        "ratelimit",
                        "ratelimit-policy",
                        "retry-after",
                        "idempotency-replayed",
                        "preference-applied",
                        "x-request-id"
                    )
            )
        );
    }

    public static void UseCrossOrigin(this WebApplication app)
    {
        if (app.Services.GetService<Microsoft.AspNetCore.Cors.Infrastructure.ICorsService>() is not null)
            app.UseCors();
    }
}
