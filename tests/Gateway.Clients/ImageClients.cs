using System.ClientModel;
using System.ClientModel.Primitives;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.Extensions.AI;
using Microsoft.SemanticKernel;
using Microsoft.SemanticKernel.Connectors.OpenAI;
using OpenAI;
using OpenAI.Images;

namespace Gateway.Clients;

/// <summary>
/// Drives the gateway's OpenAI front end with the SDKs of .NET: images, an edit, and errors as each SDK's own
/// exception. Tokens: <c>a</c>, <c>b</c>, and <c>none-left</c> with no images a day. Throws where one of them gets
/// something else.
/// </summary>
internal static class ImageClients
{
    private const string Model = "flux-pro-2.0";

    private static readonly byte[] Png = Convert.FromBase64String(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    );

    public static Task RunAsync(Uri gateway)
    {
        var address = new Uri(gateway, "/openai/v1/");
        return Task.WhenAll(RunOpenAiAsync(address), RunExtensionsAsync(address), RunSemanticKernelAsync(address));
    }

    private static async Task RunOpenAiAsync(Uri address)
    {
        var images = CreateClient(address, "a");
        var options = new OpenAI.Images.ImageGenerationOptions { Size = new GeneratedImageSize(512, 512) };
        GeneratedImage made = await images.GenerateImageAsync("openai: made", options);
        IsJpeg(made.ImageBytes.ToArray());
        await IsOwnedAsync(made.ImageUri);

        using var file = new MemoryStream(Png);
        GeneratedImage edited = await images.GenerateImageEditAsync(
            file,
            "cat.png",
            "openai: edited",
            new ImageEditOptions { Size = new GeneratedImageSize(512, 512) }
        );
        IsJpeg(edited.ImageBytes.ToArray());

        var wrong = await FailsAsync<ClientResultException>(() =>
            images.GenerateImageAsync(
                "openai: wrong size",
                new OpenAI.Images.ImageGenerationOptions { Size = new GeneratedImageSize(9999, 9999) }
            )
        );
        IsError(wrong.GetRawResponse()!, 400, "size", "invalid_value");
        var quota = await FailsAsync<ClientResultException>(() =>
            CreateClient(address, "none-left").GenerateImageAsync("openai: too much")
        );
        IsError(quota.GetRawResponse()!, 429, null, "insufficient_quota");
        var unknown = await FailsAsync<ClientResultException>(() =>
            CreateClient(address, "a", "dall-e-3").GenerateImageAsync("openai: unknown")
        );
        IsError(unknown.GetRawResponse()!, 404, "model", "model_not_found");

        // It gives up after 1.5 s and repeats on its own; Leonardo answers after 3 s.
        var impatient = CreateClient(address, "a", timeout: TimeSpan.FromSeconds(1.5));
        GeneratedImage repeated = await impatient.GenerateImageAsync("openai: repeated [sim:slow:3]", options);
        IsJpeg(repeated.ImageBytes.ToArray());
    }

    private static async Task RunExtensionsAsync(Uri gateway)
    {
        using var images = CreateClient(gateway, "a").AsIImageGenerator();
        var made = await images.GenerateAsync(new ImageGenerationRequest("extensions: made"));
        IsJpeg(made.Contents.OfType<DataContent>().Single().Data.ToArray());
        var address = await images.GenerateAsync(
            new ImageGenerationRequest("extensions: address"),
            new Microsoft.Extensions.AI.ImageGenerationOptions
            {
                ImageSize = new(512, 512),
                ResponseFormat = ImageGenerationResponseFormat.Uri,
            }
        );
        await IsOwnedAsync(address.Contents.OfType<UriContent>().Single().Uri);
        var bytes = await images.GenerateAsync(
            new ImageGenerationRequest("extensions: bytes"),
            new Microsoft.Extensions.AI.ImageGenerationOptions
            {
                ImageSize = new(512, 512),
                MediaType = "image/png",
                ResponseFormat = ImageGenerationResponseFormat.Data,
            }
        );
        IsJpeg(bytes.Contents.OfType<DataContent>().Single().Data.ToArray());

        var wrong = await FailsAsync<ClientResultException>(() =>
            images.GenerateAsync(new ImageGenerationRequest("extensions: too many"), new() { Count = 9 })
        );
        IsError(wrong.GetRawResponse()!, 400, "n", "invalid_value");
        // It gives up after 1.5 s and repeats on its own; Leonardo answers after 3 s.
        using var impatient = CreateClient(gateway, "a", timeout: TimeSpan.FromSeconds(1.5)).AsIImageGenerator();
        var repeated = await impatient.GenerateAsync(
            new ImageGenerationRequest("extensions: repeated [sim:slow:3]"),
            new Microsoft.Extensions.AI.ImageGenerationOptions
            {
                ImageSize = new(512, 512),
                ResponseFormat = ImageGenerationResponseFormat.Data,
            }
        );
        IsJpeg(repeated.Contents.OfType<DataContent>().Single().Data.ToArray());
        using var poor = CreateClient(gateway, "none-left").AsIImageGenerator();
        var quota = await FailsAsync<ClientResultException>(() => poor.GenerateAsync(new ImageGenerationRequest("extensions: too much")));
        IsError(quota.GetRawResponse()!, 429, null, "insufficient_quota");
    }

    private static async Task RunSemanticKernelAsync(Uri address)
    {
        using var http = new HttpClient { BaseAddress = address };
        var images = new OpenAITextToImageService("a", modelId: Model, httpClient: http);
        var made = await images.GetImageContentsAsync(
            new Microsoft.SemanticKernel.TextContent("kernel: made"),
            new OpenAITextToImageExecutionSettings { Size = (512, 512) }
        );
        await IsOwnedAsync(made.Single().Uri!);

        var wrong = await FailsAsync<HttpOperationException>(() =>
            images.GetImageContentsAsync(
                new Microsoft.SemanticKernel.TextContent("kernel: wrong size"),
                new OpenAITextToImageExecutionSettings { Size = (9999, 9999) }
            )
        );
        Check(
            wrong is { StatusCode: HttpStatusCode.BadRequest }
                && wrong.ResponseContent!.Contains("\"param\":\"size\"", StringComparison.Ordinal),
            wrong
        );
        var poor = new OpenAITextToImageService("none-left", modelId: Model, httpClient: http);
        var quota = await FailsAsync<HttpOperationException>(() =>
            poor.GetImageContentsAsync(new Microsoft.SemanticKernel.TextContent("kernel: too much"))
        );
        Check(quota is { StatusCode: HttpStatusCode.TooManyRequests }, quota);

        // It repeats nothing on its own: its user asks again after a time-out.
        var repeated = new Microsoft.SemanticKernel.TextContent("kernel: repeated [sim:slow:3]");
        var size = new OpenAITextToImageExecutionSettings { Size = (512, 512) };
        using var soon = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromSeconds(1.5) };
        var impatient = new OpenAITextToImageService("a", modelId: Model, httpClient: soon);
        await FailsAsync<TaskCanceledException>(() => impatient.GetImageContentsAsync(repeated, size));
        await IsOwnedAsync((await images.GetImageContentsAsync(repeated, size)).Single().Uri!);
    }

    private static ImageClient CreateClient(Uri address, string token, string model = Model, TimeSpan? timeout = null) =>
        new OpenAIClient(
            new ApiKeyCredential(token),
            new OpenAIClientOptions { Endpoint = address, NetworkTimeout = timeout }
        ).GetImageClient(model);

    /// <summary>The owner gets the image, another tenant 404.</summary>
    private static async Task IsOwnedAsync(Uri url)
    {
        using var http = new HttpClient();
        using var own = new HttpRequestMessage(HttpMethod.Get, url)
        {
            Headers = { Authorization = new AuthenticationHeaderValue("Bearer", "a") },
        };
        using var image = await http.SendAsync(own);
        IsJpeg(await image.Content.ReadAsByteArrayAsync());
        using var foreign = new HttpRequestMessage(HttpMethod.Get, url)
        {
            Headers = { Authorization = new AuthenticationHeaderValue("Bearer", "b") },
        };
        using var refused = await http.SendAsync(foreign);
        Check(refused.StatusCode == HttpStatusCode.NotFound, refused);
    }

    /// <summary>
    /// A quota that resets at midnight must not be waited for: that takes hours, and no busy machine takes minutes.
    /// </summary>
    private static async Task<T> FailsAsync<T>(Func<Task> call)
        where T : Exception
    {
        try
        {
            await call().WaitAsync(TimeSpan.FromMinutes(3));
        }
        catch (T expected) when (expected is not TimeoutException)
        {
            return expected;
        }
        throw new InvalidOperationException("The call succeeded.");
    }

    private static void IsError(PipelineResponse response, int status, string? param, string code)
    {
        using var json = JsonDocument.Parse(response.Content);
        var error = json.RootElement.GetProperty("error");
        Check(
            response.Status == status && error.GetProperty("param").GetString() == param && error.GetProperty("code").GetString() == code,
            response.Content
        );
    }

    private static void IsJpeg(byte[] bytes) => Check(bytes is [0xFF, 0xD8, 0xFF, ..], bytes.Length);

    private static void Check(bool holds, object seen)
    {
        if (!holds)
            throw new InvalidOperationException($"Unexpected: {seen}");
    }
}
