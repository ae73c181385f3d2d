using System.Globalization;
using Gateway.Edge.Addresses;
using Gateway.Edge.Problems;

namespace Gateway.Edge.Http;

/// <summary>
/// A separate port for operators: <c>/admin</c>, <c>/metrics</c>, <c>/health</c> and <c>/openapi/admin.json</c> answer
/// only there. Of the other routes only the console and the sign-in at the issuer answer there too.
/// </summary>
internal sealed class ManagementPort(RequestDelegate next, ManagementOptions options)
{
    private static readonly PathString[] Paths = ["/admin", "/metrics", "/health", "/openapi/admin.json"];

    /// <summary>
    /// The console, whose operator part needs /admin on the same port, the problem pages it links to, and the sign-in
    /// at the issuer: without a token file operators have no other.
    /// </summary>
    private static readonly PathString[] Everywhere =
    [
        "/console",
        "/console.css",
        "/icon.svg",
        "/problems",
        "/problems.css",
        "/signin",
        "/signin-oidc",
    ];

    /// <summary>Adds the port to those the server listens on, on every address.</summary>
    public static ManagementOptions Add(WebApplicationBuilder builder, Settings settings)
    {
        const string Name = "Management:Port";
        // Kestrel replaces a port that is not a number by its default.
        foreach (var ports in (string[])["http_ports", "https_ports"])
        {
            if (
                settings
                    .GetString(ports)
                    ?.Split(';', StringSplitOptions.RemoveEmptyEntries)
                    .Any(port => !ushort.TryParse(port, CultureInfo.InvariantCulture, out _)) == true
            )
                settings.AddError($"ASPNETCORE_{ports.ToUpperInvariant()}", "must be ports (0 to 65535), separated by ;");
        }
        if (settings.GetString(Name) is null)
            return new ManagementOptions(null);
        var port = settings.Integer(Name, 0, 1, 65535);
        var configuration = builder.Configuration;
        if (
            (configuration["urls"] + ";" + configuration["http_ports"])
                .Split(';')
                .Any(one => one == $"{port}" || one.EndsWith($":{port}", StringComparison.Ordinal))
        )
            settings.AddError(Name, "must be another port than the public one");
        // Kestrel ignores ports if addresses are set.
        if (configuration["urls"] is { Length: > 0 } urls)
            builder.WebHost.UseSetting("urls", $"{urls};http://*:{port}");
        else
            builder.WebHost.UseSetting(
                "http_ports",
                string.Join(';', new[] { configuration["http_ports"], $"{port}" }.Where(one => !string.IsNullOrEmpty(one)))
            );
        return new ManagementOptions(port);
    }

    public Task InvokeAsync(HttpContext context)
    {
        var isManagement = Paths.Any(path => context.Request.Path.StartsWithSegments(path, StringComparison.OrdinalIgnoreCase));
        var isEverywhere =
            context.Request.Path == "/" || Everywhere.Any(path => context.Request.Path.StartsWithSegments(path, StringComparison.Ordinal));
        return isEverywhere || isManagement == options.IsManagementPort(context)
            ? next(context)
            : new Problem(
                ProblemTypes.NotFound,
                "There is no such route on this port. The operators' routes answer only on Management:Port, all others only on the public port."
            ).ExecuteAsync(context);
    }
}
