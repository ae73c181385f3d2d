using Gateway.Edge;

namespace Gateway.Cli;

/// <summary>
/// <c>gateway health</c>: asks the gateway in the same container whether it is ready; for images without curl.
/// </summary>
internal static class HealthCommand
{
    public static async Task<int> RunAsync(string[] args)
    {
        if (args is not [])
            return await CommandLine.RefuseAsync("health takes no arguments.", "health");
#pragma warning disable CA5359 // Any certificate will do: no secret is sent, and only the status is read.
        using var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true },
        };
#pragma warning restore CA5359
        using var client = new HttpClient(handler) { Timeout = TimeSpan.FromSeconds(3) };
        try
        {
            using var answer = await client.GetAsync(new Uri(Origin(Environment.GetEnvironmentVariable) + "/health/ready"));
            return answer.IsSuccessStatusCode ? ExitCode.Good : ExitCode.Finding;
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException or FormatException)
        {
            return ExitCode.Finding;
        }
    }

    /// <summary>
    /// Where the gateway with these settings answers on this machine. As in the server, addresses take precedence over
    /// ports.
    /// </summary>
    internal static string Origin(Func<string, string?> setting)
    {
        if (setting("Management__Port") is { Length: > 0 } management)
            return $"http://127.0.0.1:{management}";
        if (First("ASPNETCORE_URLS") is { } address)
        {
            var parsed = BindingAddress.Parse(address);
            var host = parsed.Host is "+" or "*" or "0.0.0.0" or "[::]" ? "127.0.0.1" : parsed.Host;
            return $"{parsed.Scheme}://{host}:{parsed.Port}";
        }
        if (First("ASPNETCORE_HTTP_PORTS") is { } http)
            return $"http://127.0.0.1:{http}";
        return First("ASPNETCORE_HTTPS_PORTS") is { } https ? $"https://127.0.0.1:{https}" : "http://127.0.0.1:8080";

        string? First(string name) =>
            setting(name)?.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).FirstOrDefault();
    }
}
