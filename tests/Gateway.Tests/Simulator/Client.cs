using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Leonardo.Simulator;

namespace Gateway.Tests.Simulator;

/// <summary>A simulator and a client that calls it directly with its key.</summary>
internal sealed class Client : IAsyncDisposable
{
    private Client(LeonardoSimulator simulator)
    {
        Simulator = simulator;
        Http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = simulator.Address };
        Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", simulator.Key);
    }

    public LeonardoSimulator Simulator { get; }

    public HttpClient Http { get; }

    public static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task<Client> StartAsync(SimulatorOptions? options = null) =>
        new(await LeonardoSimulator.StartAsync(options ?? new SimulatorOptions { JobSeconds = 0 }, Cancellation));

    public static JsonObject Body(string prompt = "a red kite", int width = 512, int height = 512, int quantity = 1, long? seed = 42)
    {
        var parameters = new JsonObject
        {
            ["prompt"] = prompt,
            ["width"] = width,
            ["height"] = height,
            ["quantity"] = quantity,
        };
        if (seed is not null)
        {
            parameters["seed"] = seed;
        }

        return new JsonObject { ["model"] = "flux-pro-2.0", ["parameters"] = parameters };
    }

    public static JsonArray References(params (string Id, string Type)[] images) =>
        [
            .. images.Select(image => new JsonObject
            {
                ["image"] = new JsonObject { ["id"] = image.Id, ["type"] = image.Type },
                ["strength"] = "MID",
            }),
        ];

    public async Task<HttpResponseMessage> PostAsync(JsonNode body, string? fault = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/rest/v2/generations") { Content = JsonContent.Create(body) };
        if (fault is not null)
        {
            request.Headers.Add("x-sim-fault", fault);
        }

        return await Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);
    }

    /// <summary>Creates a generation, which must succeed, and returns its id.</summary>
    public async Task<string> CreateAsync(JsonNode? body = null)
    {
        using var response = await PostAsync(body ?? Body());
        return (await JsonAsync(response)).GetProperty("generate").GetProperty("generationId").GetString()!;
    }

    /// <summary>
    /// The error in an array under HTTP 200: <c>extensions.details.message</c>, otherwise <c>message</c>.
    /// </summary>
    public async Task<string> ComplaintAsync(JsonNode body)
    {
        using var response = await PostAsync(body);
        var error = (await JsonAsync(response))[0];
        var details = error.GetProperty("extensions").GetProperty("details");
        return details.ValueKind == JsonValueKind.Object && details.TryGetProperty("message", out var message)
            ? message.GetString()!
            : error.GetProperty("message").GetString()!;
    }

    public async Task<JsonElement> GetAsync(string path)
    {
        using var response = await Http.GetAsync(new Uri(path, UriKind.Relative), Cancellation);
        return await JsonAsync(response);
    }

    public async Task<JsonElement> ReadAsync(string id) =>
        (await GetAsync($"/api/rest/v1/generations/{id}")).GetProperty("generations_by_pk");

    public async Task<string> StatusAsync(string id) => (await ReadAsync(id)).GetProperty("status").GetString()!;

    public static async Task<JsonElement> JsonAsync(HttpResponseMessage response) =>
        await response.Content.ReadFromJsonAsync<JsonElement>(Cancellation);

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Simulator.DisposeAsync();
    }
}
