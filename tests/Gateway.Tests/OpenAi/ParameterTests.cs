using System.Net;
using System.Text;
using Gateway.Tests.Docs;
using Gateway.Tests.Harness;
using static Gateway.Tests.OpenAi.OpenAiCalls;

namespace Gateway.Tests.OpenAi;

/// <summary>The table of parameters in docs/openai.md: each row is a check here, and each check a row.</summary>
public sealed class ParameterTests(OpenAiFixture fixture) : IClassFixture<OpenAiFixture>
{
    private static readonly Dictionary<string, Func<GatewayApp, Task>> Checks = new(StringComparer.Ordinal)
    {
        ["`prompt`"] = PromptAsync,
        ["`n`"] = NumberAsync,
        ["`model`"] = ModelAsync,
        ["`size`"] = SizeAsync,
        ["`response_format`"] = ResponseFormatAsync,
        ["`quality`, `style`, `output_compression`, `input_fidelity`, `partial_images`"] = IgnoredAsync,
        ["`user`"] = gateway => IsIgnoredAsync(gateway, "user", "\"alice\""),
        ["`moderation`"] = ModerationAsync,
        ["`background`"] = BackgroundAsync,
        ["`output_format`"] = OutputFormatAsync,
        ["`mask`"] = MaskAsync,
        ["`stream`"] = StreamAsync,
        ["`seed`, `style_ids`, `prompt_enhance`"] = ExtensionsAsync,
        ["`image`, `image[]`"] = ImageAsync,
        ["any other member"] = OtherMembersAsync,
    };

    public static TheoryData<string> Rows => [.. Parameters()];

    [Theory]
    [MemberData(nameof(Rows))]
    public Task A_row_of_the_table_is_true(string parameter) => Checks[parameter](fixture.Gateway);

    [Fact]
    public void Every_check_has_its_row() => Parameters().ShouldBe(Checks.Keys, ignoreOrder: true);

    private static IEnumerable<string> Parameters() =>
        Documents.Rows("docs/openai.md").Where(row => row.Count == 2).Select(row => row[0]).SkipWhile(cell => cell != "parameter").Skip(2);

    private static async Task PromptAsync(GatewayApp gateway)
    {
        await (await gateway.MakeImagesAsync(Body("A plain cat"), AsA)).ImagesAsync();
        gateway.Sent("A plain cat").ShouldHaveSingleItem()["model"]!.GetValue<string>().ShouldBe("flux-pro-2.0");

        foreach (var body in new[] { "{}", """{"prompt":null}""", """{"prompt":" "}""", """{"prompt":7}""", Body(new string('a', 10_000)) })
            await (await gateway.MakeImagesAsync(body, AsA)).InvalidAsync("prompt");
    }

    private static async Task NumberAsync(GatewayApp gateway)
    {
        await (await gateway.MakeImagesAsync(Body("Three cats", "\"n\":3"), AsA)).ImagesAsync(3);
        gateway.Leonardo.Invoice.Single(charge => charge.Prompt == "Three cats").Quantity.ShouldBe(3);
        foreach (var n in new[] { "0", "9", "10", "1.5", "\"2\"" })
            await (await gateway.MakeImagesAsync(Body("Too many cats", $"\"n\":{n}"), AsA)).InvalidAsync("n");
    }

    private static async Task ModelAsync(GatewayApp gateway)
    {
        foreach (var model in new[] { "\"flux-pro-2.0\"", "null", "\"dall-e-2\"", "\"gpt-image-1\"" })
            await (await gateway.MakeImagesAsync(Body("A model cat", $"\"model\":{model}"), AsA)).ImagesAsync();
        gateway.Sent("A model cat").ShouldAllBe(body => body["model"]!.GetValue<string>() == "flux-pro-2.0");
        foreach (var model in new[] { "dall-e-3", "", "Flux-Pro-2.0" })
        {
            using var answer = await gateway.MakeImagesAsync(Body("A cat", $"\"model\":\"{model}\""), AsA);
            await answer.ErrorAsync(404, "invalid_request_error", "model_not_found", "model");
        }
    }

    private static async Task SizeAsync(GatewayApp gateway)
    {
        (string Tenant, string? Size, string Made)[] all =
        [
            ("a", null, "1024x1024"),
            ("a", "auto", "1024x1024"),
            ("a", "1024x1024", "1024x1024"),
            ("a", "512x512", "512x512"),
            ("a", "256x1440", "256x1440"),
            ("a", "1536x1024", "1440x960"),
            ("a", "1024x1536", "960x1440"),
            ("a", "1792x1024", "1440x823"),
            ("a", "1024x1792", "823x1440"),
            ("small", "auto", "500x500"),
            ("small", null, "500x500"),
        ];
        foreach (var (tenant, size, made) in all)
        {
            var prompt = $"A cat of {tenant} {size}";
            var text = size is null ? "null" : $"\"{size}\"";
            using var answer = await gateway.MakeImagesAsync(
                $$"""{"prompt":"{{prompt}}","response_format":"url","size":{{text}}}""",
                As(tenant)
            );
            (await answer.ImagesAsync())["size"]!.GetValue<string>().ShouldBe(made);
            var sent = gateway.Sent(prompt).ShouldHaveSingleItem()["parameters"]!;
            $"{sent["width"]}x{sent["height"]}".ShouldBe(made);
        }
        foreach (
            var size in new[]
            {
                "2048x2048",
                "1536x1536",
                "1024x1537",
                "255x256",
                "1441x1440",
                "1024X1024",
                "0512x512",
                "1024",
                "large",
                "",
            }
        )
        {
            using var answer = await gateway.MakeImagesAsync($$"""{"prompt":"A cat","size":"{{size}}"}""", AsA);
            await answer.InvalidAsync("size");
        }
        using var forbidden = await gateway.MakeImagesAsync("""{"prompt":"A cat","size":"1024x1024"}""", As("small"));
        await forbidden.ErrorAsync(403, "permission_error", "policy", "size");
    }

    private static async Task ResponseFormatAsync(GatewayApp gateway)
    {
        foreach (var (format, hasUrl, hasBytes) in new[] { ("\"url\"", true, false), ("\"b64_json\"", false, true), ("null", true, true) })
        {
            using var answer = await gateway.MakeImagesAsync(Body("A formatted cat", $"\"n\":2,\"response_format\":{format}"), AsA);
            foreach (var image in (await answer.ImagesAsync(2))["data"]!.AsArray())
            {
                (image!["url"] is not null, image["b64_json"] is not null).ShouldBe((hasUrl, hasBytes));
                if (hasBytes)
                    image.Bytes().Take(3).ShouldBe([0xFF, 0xD8, 0xFF]);
                if (!hasUrl)
                    continue;
                var url = new Uri(image["url"]!.GetValue<string>());
                url.GetLeftPart(UriPartial.Authority).ShouldBe(gateway.Address.GetLeftPart(UriPartial.Authority));
                using var download = await gateway.GetAsync(url.AbsolutePath, AsA);
                var bytes = await download.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
                bytes.Take(3).ShouldBe([0xFF, 0xD8, 0xFF]);
                if (hasBytes)
                    image.Bytes().ShouldBe(bytes);
                (await gateway.GetAsync(url.AbsolutePath, AsB)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
            }
        }
        using var large = await gateway.MakeImagesAsync("""{"prompt":"A cat of two chunks","size":"1440x1440"}""", AsA);
        var whole = (await large.ImagesAsync())["data"]![0]!;
        using var original = await gateway.GetAsync(new Uri(whole["url"]!.GetValue<string>()).AbsolutePath, AsA);
        whole.Bytes().Length.ShouldBeGreaterThan(48 * 1024, "more than one chunk");
        whole.Bytes().ShouldBe(await original.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        using var refused = await gateway.MakeImagesAsync(Body("A cat", "\"response_format\":\"binary\""), AsA);
        await refused.InvalidAsync("response_format");
    }

    private static async Task IgnoredAsync(GatewayApp gateway)
    {
        await IsIgnoredAsync(gateway, "quality", "\"hd\"");
        await IsIgnoredAsync(gateway, "style", "\"vivid\"");
        await IsIgnoredAsync(gateway, "output_compression", "90");
        await IsIgnoredAsync(gateway, "input_fidelity", "\"high\"");
        await IsIgnoredAsync(gateway, "partial_images", "2");
        using var both = await gateway.MakeImagesAsync(Body("A cat", "\"quality\":\"auto\",\"style\":null,\"partial_images\":0"), AsA);
        both.Header("x-gateway-ignored").ShouldBe("quality, partial_images");
        using var none = await gateway.MakeImagesAsync(Body("A cat", "\"quality\":null"), AsA);
        none.Header("x-gateway-ignored").ShouldBeNull();
    }

    private static async Task ModerationAsync(GatewayApp gateway)
    {
        await IsIgnoredAsync(gateway, "moderation", "\"auto\"");
        await (await gateway.MakeImagesAsync(Body("A cat", "\"moderation\":\"low\""), AsA)).InvalidAsync("moderation");
    }

    private static async Task BackgroundAsync(GatewayApp gateway)
    {
        await IsIgnoredAsync(gateway, "background", "\"auto\"");
        await IsIgnoredAsync(gateway, "background", "\"opaque\"");
        await (await gateway.MakeImagesAsync(Body("A cat", "\"background\":\"transparent\""), AsA)).InvalidAsync("background");
    }

    private static async Task OutputFormatAsync(GatewayApp gateway)
    {
        foreach (var format in new[] { "jpeg", "png", "webp" })
            await (await gateway.MakeImagesAsync(Body("A cat", $"\"output_format\":\"{format}\""), AsA)).ImagesAsync();
        await (await gateway.MakeImagesAsync(Body("A cat", "\"output_format\":\"gif\""), AsA)).InvalidAsync("output_format");
    }

    private static async Task MaskAsync(GatewayApp gateway)
    {
        await (await gateway.MakeImagesAsync(Body("A cat", "\"mask\":\"x\""), AsA)).InvalidAsync("mask");
        await (await gateway.MakeImagesAsync(Body("A cat", "\"mask\":null"), AsA)).ImagesAsync();
        using var form = Form("A masked cat", "image", TwoTenants.Png);
        form.Add(new ByteArrayContent(TwoTenants.Png), "mask", "mask.png");
        await (await gateway.EditImagesAsync(form, AsA)).InvalidAsync("mask");
        gateway.Sent("A masked cat").ShouldBeEmpty();
    }

    private static async Task StreamAsync(GatewayApp gateway)
    {
        using var answer = await gateway.MakeImagesAsync(Body("A streamed cat", "\"stream\":true"), AsA);
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("text/event-stream");
        await (await gateway.MakeImagesAsync(Body("A cat", "\"stream\":false"), AsA)).ImagesAsync();
        await (await gateway.MakeImagesAsync(Body("A cat", "\"stream\":\"true\""), AsA)).InvalidAsync("stream");
    }

    private static async Task ExtensionsAsync(GatewayApp gateway)
    {
        const string Style = "111dc692-d470-4eec-b791-3475abac4c46";
        using var answer = await gateway.MakeImagesAsync(
            Body("An extended cat", $"\"seed\":42,\"prompt_enhance\":\"ON\",\"style_ids\":[\"{Style}\"]"),
            AsA
        );
        await answer.ImagesAsync();
        var sent = gateway.Sent("An extended cat").ShouldHaveSingleItem()["parameters"]!;
        sent["seed"]!.GetValue<long>().ShouldBe(42);
        sent["prompt_enhance"]!.GetValue<string>().ShouldBe("ON");
        sent["style_ids"]!.AsArray().ShouldHaveSingleItem()!.GetValue<string>().ShouldBe(Style);
        using var form = Form("An extended edit", "image", TwoTenants.Png);
        foreach (var (name, value) in new[] { ("seed", "42"), ("style_ids[]", Style), ("n", "2"), ("user", "alice") })
            form.Add(new StringContent(value), name);
        using var edit = await gateway.EditImagesAsync(form, AsA);
        await edit.ImagesAsync(2);
        edit.Header("x-gateway-ignored").ShouldBe("user");
        gateway.Sent("An extended edit").ShouldHaveSingleItem()["parameters"]!["style_ids"]!.AsArray().Count.ShouldBe(1);
        await (await gateway.MakeImagesAsync(Body("A cat", "\"seed\":-1"), AsA)).InvalidAsync("seed");
        await (await gateway.MakeImagesAsync(Body("A cat", "\"style_ids\":[\"x\"]"), AsA)).InvalidAsync("style_ids");
        await (await gateway.MakeImagesAsync(Body("A cat", "\"prompt_enhance\":true"), AsA)).InvalidAsync("prompt_enhance");
    }

    private static async Task ImageAsync(GatewayApp gateway)
    {
        foreach (var (field, count) in new[] { ("image", 1), ("image[]", 4) })
        {
            var prompt = $"A cat like {field}";
            using var form = Form(prompt, field, [.. Enumerable.Range(0, count).Select(n => (byte[])[.. TwoTenants.Png, (byte)n])]);
            await (await gateway.EditImagesAsync(form, AsA)).ImagesAsync();
            gateway.Leonardo.Invoice.Single(charge => charge.Prompt == prompt).References.ShouldBe(count);
        }
        using var five = Form("Five cats", "image[]", [.. Enumerable.Repeat(TwoTenants.Png, 5)]);
        await (await gateway.EditImagesAsync(five, AsA)).InvalidAsync("image");
        using var none = Form("No cat", "image");
        await (await gateway.EditImagesAsync(none, AsA)).InvalidAsync("image");
        using var large = Form("A large cat", "image[]", Large(13_000_000), Large(12_000_001));
        await (await gateway.EditImagesAsync(large, AsA)).ErrorAsync(413, "invalid_request_error", "too-large");
        gateway.Leonardo.Invoice.ShouldNotContain(charge => charge.Prompt == "A large cat");

        static byte[] Large(int bytes) => [.. TwoTenants.Png, .. new byte[bytes - TwoTenants.Png.Length]];
    }

    private static async Task OtherMembersAsync(GatewayApp gateway)
    {
        await (await gateway.MakeImagesAsync(Body("A cat", "\"negative_prompt\":\"dogs\""), AsA)).InvalidAsync("negative_prompt");
        await (await gateway.MakeImagesAsync(Body("A cat", "\"a/b~c\":1"), AsA)).InvalidAsync("a/b~c");
        await (await gateway.MakeImagesAsync(Body("A cat", "\"negative_prompt\":null"), AsA)).ImagesAsync();
        using var form = Form("A cat", "image", TwoTenants.Png);
        form.Add(new StringContent("dogs", Encoding.UTF8), "negative_prompt");
        await (await gateway.EditImagesAsync(form, AsA)).InvalidAsync("negative_prompt");
        var several = await (await gateway.MakeImagesAsync("""{"n":9,"size":"1x1","cfg":7}""", AsA)).InvalidAsync("cfg");
        foreach (var member in new[] { "cfg", "size", "n", "prompt" })
            several["message"]!.GetValue<string>().ShouldContain($"{member} ");
    }

    private static async Task IsIgnoredAsync(GatewayApp gateway, string name, string value)
    {
        using var answer = await gateway.MakeImagesAsync(Body("An ignored cat", $"\"{name}\":{value}"), AsA);
        await answer.ImagesAsync();
        answer.Header("x-gateway-ignored").ShouldBe(name);
        gateway.Sent("An ignored cat").ShouldNotBeEmpty();
    }
}
