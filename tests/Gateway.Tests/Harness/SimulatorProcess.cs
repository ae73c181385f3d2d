using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gateway.Tests.Harness;

/// <summary>
/// The simulator in a separate process, so that its invoice outlives every gateway. It is fast and has no limits.
/// </summary>
internal sealed class SimulatorProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly HttpClient _client;

    private SimulatorProcess(Process process, Uri address, string key)
    {
        (_process, Address, Key) = (process, address, key);
        _client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = address };
    }

    public Uri Address { get; }

    public string Key { get; }

    /// <summary>The settings with which a gateway uses it.</summary>
    public (string Name, string Value)[] Settings =>
        [
            ("Leonardo__ApiKey", Key),
            ("Leonardo__BaseUrl", new Uri(Address, "/api/rest").AbsoluteUri),
            ("Leonardo__ImageOrigins__0", Address.GetLeftPart(UriPartial.Authority)),
            ("Leonardo__UploadOrigins__0", Address.GetLeftPart(UriPartial.Authority)),
        ];

    /// <param name="jobSeconds">How long a generation runs.</param>
    public static async Task<SimulatorProcess> StartAsync(double jobSeconds = 0.05)
    {
        var key = Guid.NewGuid().ToString();
        string[] arguments =
        [
            Path.Combine(AppContext.BaseDirectory, "Leonardo.Simulator.dll"),
            .. (string[])["--urls", "http://127.0.0.1:0", "--key", key, "--per-minute", "0", "--slots", "100000", "--pending", "100000"],
            .. (string[])["--balance", "1000000", "--seconds", jobSeconds.ToString(CultureInfo.InvariantCulture)],
        ];
        var process = Process.Start(
            new ProcessStartInfo("dotnet", arguments)
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
        process.BeginErrorReadLine();
        var address = await process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The simulator did not start.");
        return new SimulatorProcess(process, new Uri(address), key);
    }

    /// <summary>Every charge.</summary>
    public async Task<IReadOnlyList<Charge>> InvoiceAsync()
    {
        var lines = (await _client.GetStringAsync("/_sim/invoice")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var charges = lines[..^1]
            .Select(line => JsonNode.Parse(line)!)
            .Select(line => new Charge(
                line["generationId"]!.GetValue<string>(),
                Micros(line["amount"]!.GetValue<string>()),
                line["prompt"]!.GetValue<string>(),
                line["seed"]!.GetValue<long>(),
                line["quantity"]!.GetValue<int>()
            ))
            .ToList();
        charges.Sum(charge => charge.Micros).ShouldBe(Micros(JsonNode.Parse(lines[^1])!["total"]!.GetValue<string>()));
        return charges;
    }

    /// <summary>The prompt and the seed of every POST received, with any outcome.</summary>
    public async Task<IReadOnlyList<(string Prompt, long Seed)>> PostsAsync()
    {
        using var received = await JsonDocument.ParseAsync(await _client.GetStreamAsync("/_sim/received?bodies=true"));
        return
        [
            .. received
                .RootElement.EnumerateArray()
                .Where(request => request.GetProperty("method").GetString() == "POST")
                .Select(request => JsonNode.Parse(request.GetProperty("body").GetString()!)!["parameters"]!)
                .Select(parameters => (parameters["prompt"]!.GetValue<string>(), parameters["seed"]!.GetValue<long>())),
        ];
    }

    /// <param name="seconds">How long a generation runs from now on.</param>
    public async Task SetJobSecondsAsync(double seconds)
    {
        using var answer = await _client.PostAsJsonAsync("/_sim/options", new { seconds });
        answer.EnsureSuccessStatusCode();
    }

    /// <param name="name">STOP suspends it with its sockets open; CONT resumes it.</param>
    public Task SignalAsync(string name) => ProcessSignal.SendAsync(name, _process.Id);

    /// <summary>The most generations that ran or waited at once.</summary>
    public async Task<int> PeakAsync() => JsonNode.Parse(await _client.GetStringAsync("/_sim/stats"))!["peakUnfinished"]!.GetValue<int>();

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static long Micros(string dollars) => (long)(decimal.Parse(dollars, CultureInfo.InvariantCulture) * 1_000_000);
}

/// <summary>One line of the upstream's invoice.</summary>
internal sealed record Charge(string GenerationId, long Micros, string Prompt, long Seed, int Images);
