using System.ClientModel;
using System.ClientModel.Primitives;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Kiota.Http.HttpClientLibrary;
using Microsoft.Kiota.Http.HttpClientLibrary.Middleware.Options;
using OpenAI;

namespace Gateway.Clients;

/// <summary>
/// One call by an HTTP client that repeats requests on its own, with its defaults. Prints the answer of the gateway;
/// fails where the client does.
/// </summary>
internal static class Program
{
    private const string Usage =
        "usage: Gateway.Clients openai|resilience|kiota GATEWAY REQUEST-ID BODY TIMEOUT-SECONDS|0 PREFER (empty: none), or images GATEWAY";

    private static async Task<int> Main(string[] arguments)
    {
        if (arguments is ["images", var address])
        {
            await ImageClients.RunAsync(new Uri(address));
            return 0;
        }
        if (arguments is not [var client, var gateway, var requestId, var body, var seconds, var prefer])
        {
            await Console.Error.WriteLineAsync(Usage);
            return 2;
        }
        var call = Call.Parse(gateway, requestId, body, seconds, prefer);
        await Console.Out.WriteLineAsync(
            client switch
            {
                "openai" => await SendByOpenAiAsync(call),
                "resilience" => await SendByResilienceHandlerAsync(call),
                "kiota" => await SendByKiotaAsync(call),
                _ => throw new ArgumentException(Usage, nameof(arguments)),
            }
        );
        return 0;
    }

    /// <summary>
    /// The client's pipeline, with its retry policy, sends Leonardo's request;
    /// <see cref="ImageClients"/> sends OpenAI's.
    /// </summary>
    private static async Task<string> SendByOpenAiAsync(Call call)
    {
        var options = new OpenAIClientOptions { Endpoint = call.Gateway, NetworkTimeout = call.Timeout };
        var pipeline = new OpenAIClient(new ApiKeyCredential("6e0f6f36-3c3c-4c1e-9d3c-0123456789ab"), options).Pipeline;
        using var message = pipeline.CreateMessage();
        message.Request.Method = "POST";
        message.Request.Uri = call.Address;
        message.Request.Headers.Set("Content-Type", "application/json");
        foreach (var (name, value) in call.Headers)
            message.Request.Headers.Set(name, value);
        message.Request.Content = BinaryContent.Create(BinaryData.FromString(call.Body));
        message.ResponseClassifier = PipelineMessageClassifier.Create([200]);
        await pipeline.SendAsync(message);
        return message.Response!.IsError ? throw new ClientResultException(message.Response) : message.Response.Content.ToString();
    }

    private static async Task<string> SendByResilienceHandlerAsync(Call call)
    {
        var services = new ServiceCollection();
        services
            .AddHttpClient("gateway")
            .AddStandardResilienceHandler(options => options.AttemptTimeout.Timeout = call.Timeout ?? options.AttemptTimeout.Timeout);
        await using var provider = services.BuildServiceProvider();
        using var client = provider.GetRequiredService<IHttpClientFactory>().CreateClient("gateway");
        return await SendAsync(client, call);
    }

    /// <summary>
    /// By default it repeats 429, 503 and 504 alone. An application that wants more passes this option; and it need not
    /// wait for 3 seconds.
    /// </summary>
    private static async Task<string> SendByKiotaAsync(Call call)
    {
        var retries = new RetryHandlerOption { Delay = 1, ShouldRetry = (_, _, response) => (int)response.StatusCode >= 500 };
        using var client = KiotaClientFactory.Create(optionsForHandlers: [retries]);
        client.Timeout = call.Timeout ?? client.Timeout;
        return await SendAsync(client, call);
    }

    private static async Task<string> SendAsync(HttpClient client, Call call)
    {
        using var request = call.CreateRequest();
        using var response = await client.SendAsync(request);
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadAsStringAsync();
    }
}
