using System.Net;
using System.Net.Http.Headers;

namespace Gateway.Tests.Simulator;

public sealed class PictureTests
{
    [Fact]
    public async Task The_picture_is_a_JPEG_of_the_requested_size_and_needs_no_key()
    {
        await using var client = await Client.StartAsync();
        var url = await UrlAsync(client, await client.CreateAsync(Client.Body(width: 310, height: 257)), 0);
        using var stranger = new HttpClient();

        using var response = await stranger.GetAsync(url, Client.Cancellation);

        response.Content.Headers.ContentType!.MediaType.ShouldBe("image/jpeg");
        Size(await response.Content.ReadAsByteArrayAsync(Client.Cancellation)).ShouldBe((310, 257));
    }

    [Fact]
    public async Task The_picture_depends_on_seed_prompt_and_index_only()
    {
        await using var client = await Client.StartAsync();
        var one = await BytesAsync(client, Client.Body(width: 256, height: 256, seed: 1), 0);

        (await BytesAsync(client, Client.Body(width: 256, height: 256, seed: 1), 0)).ShouldBe(one);
        (await BytesAsync(client, Client.Body(width: 256, height: 256, seed: 2), 0)).ShouldNotBe(one);
        (await BytesAsync(client, Client.Body("a blue kite", 256, 256, 1, 1), 0)).ShouldNotBe(one);
        (await BytesAsync(client, Client.Body(width: 256, height: 256, quantity: 2, seed: 1), 1)).ShouldNotBe(one);
    }

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("Grüße – 東京 \uD83D\uDE80 \u0001\r\n\t")]
    [InlineData(
        "an_unbroken_word_far_longer_than_the_picture_is_wide_an_unbroken_word_far_longer_than_the_picture_is_wide_an_unbroken_word"
    )]
    public async Task Any_prompt_can_be_drawn(string prompt)
    {
        await using var client = await Client.StartAsync();

        Size(await BytesAsync(client, Client.Body(prompt + "x", 256, 256), 0)).ShouldBe((256, 256));
    }

    [Fact]
    public async Task Ranges_and_conditional_requests_are_supported()
    {
        await using var client = await Client.StartAsync();
        var url = await UrlAsync(client, await client.CreateAsync(Client.Body(width: 256, height: 256)), 0);
        using var whole = await client.Http.GetAsync(url, Client.Cancellation);
        var bytes = await whole.Content.ReadAsByteArrayAsync(Client.Cancellation);

        using var part = new HttpRequestMessage(HttpMethod.Get, url) { Headers = { Range = new RangeHeaderValue(100, 199) } };
        using var partial = await client.Http.SendAsync(part, Client.Cancellation);
        using var known = new HttpRequestMessage(HttpMethod.Get, url) { Headers = { IfNoneMatch = { whole.Headers.ETag! } } };
        using var unchanged = await client.Http.SendAsync(known, Client.Cancellation);

        partial.StatusCode.ShouldBe(HttpStatusCode.PartialContent);
        (await partial.Content.ReadAsByteArrayAsync(Client.Cancellation)).ShouldBe(bytes[100..200]);
        unchanged.StatusCode.ShouldBe(HttpStatusCode.NotModified);
    }

    [Theory]
    [InlineData("html", HttpStatusCode.OK, "text/html", 20)]
    [InlineData("404", HttpStatusCode.NotFound, "application/json", 20)]
    [InlineData("endless", HttpStatusCode.OK, "image/jpeg", 1_000_000)]
    [InlineData("slow", HttpStatusCode.OK, "image/jpeg", 300)]
    public async Task Faults_of_the_image_host_can_be_scripted(string fault, HttpStatusCode status, string type, int atLeast)
    {
        await using var client = await Client.StartAsync();
        var url = await UrlAsync(client, await client.CreateAsync(Client.Body(width: 256, height: 256)), 0);
        client.Simulator.Script("cdn", fault);

        using var response = await client.Http.GetAsync(url, HttpCompletionOption.ResponseHeadersRead, Client.Cancellation);

        response.StatusCode.ShouldBe(status);
        response.Content.Headers.ContentType!.MediaType.ShouldBe(type);
        await using var body = await response.Content.ReadAsStreamAsync(Client.Cancellation);
        await body.ReadExactlyAsync(new byte[atLeast], Client.Cancellation);
    }

    [Fact]
    public async Task Only_the_exact_image_path_is_found()
    {
        await using var client = await Client.StartAsync();
        var id = await client.CreateAsync(Client.Body(width: 256, height: 256));
        var url = (await UrlAsync(client, id, 0)).AbsoluteUri;

        foreach (
            var other in (string[])
                [
                    url.Replace("-0.jpg", "-1.jpg", StringComparison.Ordinal),
                    url.Replace(client.Simulator.AccountUserId, Guid.NewGuid().ToString(), StringComparison.Ordinal),
                ]
        )
        {
            using var response = await client.Http.GetAsync(new Uri(other), Client.Cancellation);
            response.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        }
    }

    private static async Task<Uri> UrlAsync(Client client, string id, int index) =>
        new((await client.ReadAsync(id)).GetProperty("generated_images")[index].GetProperty("url").GetString()!);

    private static async Task<byte[]> BytesAsync(Client client, System.Text.Json.Nodes.JsonObject body, int index) =>
        await client.Http.GetByteArrayAsync(await UrlAsync(client, await client.CreateAsync(body), index), Client.Cancellation);

    /// <summary>
    /// From the frame header: segment FFC0, two bytes of length, one of precision, then height and width.
    /// </summary>
    private static (int Width, int Height) Size(byte[] jpeg)
    {
        jpeg[..2].ShouldBe([0xFF, 0xD8]);
        jpeg[^2..].ShouldBe([0xFF, 0xD9]);
        var at = 2;
        while (jpeg[at + 1] != 0xC0)
        {
            at += 2 + (jpeg[at + 2] << 8) + jpeg[at + 3];
        }

        return ((jpeg[at + 7] << 8) + jpeg[at + 8], (jpeg[at + 5] << 8) + jpeg[at + 6]);
    }
}
