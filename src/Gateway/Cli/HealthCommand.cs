namespace Gateway.Cli;

/// <summary><c>dotnet Gateway.dll health</c>: asks the gateway in the same container whether it is ready; for images without curl.</summary>
internal static class HealthCommand
{
    /// <returns>The exit code: 0 when ready.</returns>
    public static async Task<int> RunAsync()
    {
        // Whatever certificate it has: this asks the gateway of this very container.
#pragma warning disable CA5359 // nothing is told to it, and only its status is read
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
            return answer.IsSuccessStatusCode ? 0 : 1;
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException or FormatException)
        {
            return 1;
        }
    }

    /// <summary>Where the gateway with these settings answers for its health, from the same machine. Addresses win over ports, as they do in the server.</summary>
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
