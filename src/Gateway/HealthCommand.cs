namespace Gateway;

/// <summary><c>dotnet Gateway.dll health</c>: asks the gateway in the same container whether it is ready; for images without curl.</summary>
internal static class HealthCommand
{
    /// <returns>The exit code: 0 when ready.</returns>
    public static async Task<int> RunAsync()
    {
        var port =
            Environment.GetEnvironmentVariable("Management__Port")
            ?? Environment.GetEnvironmentVariable("ASPNETCORE_HTTP_PORTS")?.Split(';')[0]
            ?? "8080";
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(3) };
        try
        {
            using var answer = await client.GetAsync(new Uri($"http://127.0.0.1:{port}/health/ready"));
            return answer.IsSuccessStatusCode ? 0 : 1;
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
        {
            return 1;
        }
    }
}
