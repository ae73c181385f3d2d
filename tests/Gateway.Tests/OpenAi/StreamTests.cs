using System.Text.Json.Nodes;
using Gateway.Tests.Harness;
using static Gateway.Tests.OpenAi.OpenAiCalls;

namespace Gateway.Tests.OpenAi;

/// <summary><c>stream: true</c>: until the admission an answer with its status, then events.</summary>
public sealed class StreamTests(OpenAiFixture fixture) : IClassFixture<OpenAiFixture>
{
    private const string Stream = "\"stream\":true";

    private readonly GatewayApp _gateway = fixture.Gateway;

    [Fact]
    public async Task Each_image_is_an_event_after_comments_that_keep_the_connection_open()
    {
        var call = _gateway.PostAsync(Body("Two streamed cats [sim:slow:0.3]", $"{Stream},\"n\":2"), ImagesPath, AsA);
        using var answer = await _gateway.EndsAsync(call);

        var (comments, events) = await ReadAsync(answer);
        comments.ShouldBeGreaterThan(0);
        events.Count.ShouldBe(2);
        foreach (var (name, data) in events)
        {
            name.ShouldBe("image_generation.completed");
            data["type"]!.GetValue<string>().ShouldBe(name);
            data["size"]!.GetValue<string>().ShouldBe("256x256");
            data["output_format"]!.GetValue<string>().ShouldBe("jpeg");
            data.Bytes().Take(3).ShouldBe([0xFF, 0xD8, 0xFF]);
        }
        events.Select(one => one.Data["url"]!.GetValue<string>()).ShouldBeUnique();
    }

    [Fact]
    public async Task An_edit_has_events_of_its_own_name()
    {
        using var form = Form("An edited stream", "image", TwoTenants.Png);
        form.Add(new StringContent("true"), "stream");
        form.Add(new StringContent("b64_json"), "response_format");
        using var answer = await _gateway.EditImagesAsync(form, AsA);

        var (name, data) = (await ReadAsync(answer)).Events.ShouldHaveSingleItem();
        name.ShouldBe("image_edit.completed");
        data["url"].ShouldBeNull();
    }

    [Fact]
    public async Task What_is_not_admitted_is_refused_with_its_status()
    {
        await (await _gateway.PostAsync(Body("A cat", $"{Stream},\"n\":9"), ImagesPath, AsA)).InvalidAsync("n");
        using var exceeded = await _gateway.PostAsync(Body("Two cats", $"{Stream},\"n\":2"), ImagesPath, As("poor"));
        await exceeded.ErrorAsync(429, "insufficient_quota", "insufficient_quota");
    }

    [Theory]
    [InlineData("moderation-400", "content_policy_violation")]
    [InlineData("bad-key-401", "upstream-credentials")]
    [InlineData("job-fails", "upstream_rejected")]
    public async Task What_fails_after_the_admission_is_an_error_event(string fault, string code)
    {
        using var answer = await _gateway.MakeImagesAsync(Body($"A failing stream [sim:{fault}]", Stream), AsA);

        ((int)answer.StatusCode).ShouldBe(200);
        var (name, data) = (await ReadAsync(answer)).Events.ShouldHaveSingleItem();
        name.ShouldBe("error");
        data["error"]!["code"]!.GetValue<string>().ShouldBe(code);
    }

    /// <summary>A stream that ended with an error has delivered nothing; one that ended with images has.</summary>
    [Fact]
    public async Task A_stream_that_timed_out_is_repeated_without_another_charge_and_one_that_ended_well_is_not()
    {
        var body = Body("A slow stream", Stream);
        using var first = await _gateway.TimesOutAsync("A slow stream", 120, () => _gateway.PostAsync(body, ImagesPath, AsA));
        (await ReadAsync(first)).Events.ShouldHaveSingleItem().Data["error"]!["code"]!.GetValue<string>().ShouldBe("timeout");

        using var second = await _gateway.EndsAsync(_gateway.PostAsync(body, ImagesPath, AsA));
        (await ReadAsync(second)).Events.ShouldHaveSingleItem().Name.ShouldBe("image_generation.completed");
        _gateway.Charges("A slow stream").ShouldBe(1);

        using var third = await _gateway.EndsAsync(_gateway.PostAsync(body, ImagesPath, AsA));
        (await ReadAsync(third)).Events.ShouldHaveSingleItem().Name.ShouldBe("image_generation.completed");
        _gateway.Charges("A slow stream").ShouldBe(2);
    }

    private static async Task<(int Comments, List<(string Name, JsonNode Data)> Events)> ReadAsync(HttpResponseMessage answer)
    {
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("text/event-stream");
        var blocks = (await answer.TextAsync()).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        var events = blocks
            .Where(block => block.StartsWith("event: ", StringComparison.Ordinal))
            .Select(block => block["event: ".Length..].Split("\ndata: "))
            .Select(parts => (parts[0], JsonNode.Parse(parts[1])!))
            .ToList();
        return (blocks.Count(block => block.StartsWith(':')), events);
    }
}
