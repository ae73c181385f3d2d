using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;

namespace Gateway.Tests.Deploy;

/// <summary>
/// Whatever stands between the callers and the gateway, every address that it tells works for them: each way to reach
/// it, with real proxies, against everything that follows an address.
/// </summary>
public sealed class ReverseProxyTests : IDisposable
{
    /// <summary>One pixel.</summary>
    private static readonly byte[] Png = Convert.FromBase64String(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
    );

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Ways => [.. ProxiedGateway.Ways];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_caller_can_follow_every_address(string way)
    {
        await using var gateway = await ProxiedGateway.StartAsync(way, _folder);
        using var client = gateway.CreateClient();

        using var made = await client.PostAsync(
            $"{gateway.Root}/v2/generations",
            Json("""{"model":"flux-pro-2.0","parameters":{"prompt":"A cat wearing a hat"}}"""),
            TestContext.Current.CancellationToken
        );
        made.StatusCode.ShouldBe(HttpStatusCode.OK, await made.TextAsync());
        made.Headers.Location!.OriginalString.ShouldStartWith(new Uri(gateway.Root).AbsolutePath.TrimEnd('/') + "/v1/generations/");

        using var read = await SendAsync(
            client,
            HttpMethod.Get,
            new Uri(new Uri(gateway.Root), made.Headers.Location),
            ("Prefer", "wait=60")
        );
        var generation = (await read.JsonAsync())["generations_by_pk"]!;
        generation["status"]!.GetValue<string>().ShouldBe("COMPLETE");
        var image = generation["generated_images"]![0]!["url"]!.GetValue<string>();
        image.ShouldStartWith(gateway.Root + "/v1/generations/");
        using var picture = await SendAsync(client, HttpMethod.Get, new Uri(image));
        picture.Content.Headers.ContentType!.MediaType.ShouldStartWith("image/");
        (await picture.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)).Length.ShouldBeGreaterThan(1000);

        using var refused = await client.GetAsync($"{gateway.Root}/v1/nowhere", TestContext.Current.CancellationToken);
        var help = refused.Headers.GetValues("Link").ShouldHaveSingleItem();
        help.ShouldBe($"<{gateway.Root}/problems/not-found>; rel=\"help\"");
        using var page = await SendAsync(client, HttpMethod.Get, new Uri(help.Split('<', '>')[1]));

        using var document = await client.GetAsync($"{gateway.Root}/swagger/v1/swagger.json", TestContext.Current.CancellationToken);
        (await document.JsonAsync())["servers"]![0]!["url"]!.GetValue<string>().ShouldBe(gateway.Root);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task An_upload_goes_to_the_address_that_was_given(string way)
    {
        await using var gateway = await ProxiedGateway.StartAsync(way, _folder);
        using var client = gateway.CreateClient();

        using var begun = await client.PostAsync(
            $"{gateway.Root}/v1/init-image",
            Json("""{"extension":"png"}"""),
            TestContext.Current.CancellationToken
        );
        var upload = (await begun.JsonAsync())["uploadInitImage"]!;
        upload["url"]!.GetValue<string>().ShouldStartWith(gateway.Root + "/v1/init-image/");
        using var form = new MultipartFormDataContent();
        foreach (var (name, value) in JsonNode.Parse(upload["fields"]!.GetValue<string>())!.AsObject())
            form.Add(new StringContent(value!.GetValue<string>()), name);
        form.Add(new ByteArrayContent(Png), "file", "pixel.png");
        using var sent = await client.PostAsync(upload["url"]!.GetValue<string>(), form, TestContext.Current.CancellationToken);
        sent.StatusCode.ShouldBe(HttpStatusCode.NoContent, await sent.TextAsync());

        using var read = await client.GetAsync($"{gateway.Root}/v1/init-image/{upload["id"]}", TestContext.Current.CancellationToken);
        var stored = (await read.JsonAsync())["init_images_by_pk"]!["url"]!.GetValue<string>();
        stored.ShouldStartWith(gateway.Root + "/v1/init-image/");
        (await client.GetByteArrayAsync(stored, TestContext.Current.CancellationToken)).ShouldBe(Png);
    }

    /// <summary>CONSOLE_SCREENSHOTS names a folder for them; without it none are taken.</summary>
    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_person_makes_an_image_in_the_console_and_tries_Swagger_UI(string way)
    {
        await using var gateway = await ProxiedGateway.StartAsync(way, _folder);
        string[] screenshots = Environment.GetEnvironmentVariable("CONSOLE_SCREENSHOTS") is { Length: > 0 } folder
            ? [folder, way.Replace(' ', '-')]
            : [];

        await BrowserScript.RunAsync("behind-a-proxy.mjs", [gateway.Root, .. screenshots]);
    }

    private static ByteArrayContent Json(string text)
    {
        var content = new ByteArrayContent(System.Text.Encoding.UTF8.GetBytes(text));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return content;
    }

    private static async Task<HttpResponseMessage> SendAsync(
        HttpClient client,
        HttpMethod method,
        Uri address,
        params (string Name, string Value)[] headers
    )
    {
        using var request = new HttpRequestMessage(method, address);
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        response.StatusCode.ShouldBe(HttpStatusCode.OK, $"{address}: {await response.TextAsync()}");
        return response;
    }
}
