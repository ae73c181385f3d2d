using System.Globalization;
using Gateway.Edge.Problems;

namespace Gateway.Edge.Http;

/// <summary>A port of its own for operators and their machines: <c>/admin</c>, <c>/metrics</c> and <c>/health</c> answer there and nowhere else. Of the rest only the console answers there too.</summary>
internal sealed class ManagementPort(RequestDelegate next, ManagementOptions options)
{
    private static readonly PathString[] Paths = ["/admin", "/metrics", "/health"];

    /// <summary>The console, whose part for operators is of no use where /admin does not answer, and what its refusals link to.</summary>
    private static readonly PathString[] Everywhere = ["/console", "/console.css", "/icon.svg", "/problems", "/problems.css"];

    /// <summary>Listens on it as well, on every address.</summary>
    public static ManagementOptions Add(WebApplicationBuilder builder, Settings settings)
    {
        const string Name = "Management:Port";
        // The server would take what is no number for its default.
        foreach (var ports in (string[])["http_ports", "https_ports"])
        {
            if (
                settings
                    .GetString(ports)
                    ?.Split(';', StringSplitOptions.RemoveEmptyEntries)
                    .Any(port => !ushort.TryParse(port, CultureInfo.InvariantCulture, out _)) == true
            )
                settings.AddError($"ASPNETCORE_{ports.ToUpperInvariant()}", "must be ports (0 to 65535), with ; between them");
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
        // Addresses win over ports where both are set.
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
        return isEverywhere || isManagement == (context.Connection.LocalPort == options.Port)
            ? next(context)
            : new Problem(ProblemTypes.NotFound, "There is no such route.").ExecuteAsync(context);
    }
}

/// <param name="Port">Null: the operators' routes are on the public port.</param>
internal sealed record ManagementOptions(int? Port);
