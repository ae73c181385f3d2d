using Gateway.Tests.Harness;
using static Gateway.Tests.OpenAi.OpenAiCalls;

namespace Gateway.Tests.OpenAi;

/// <summary>
/// A repeat gets what was paid, as with <c>POST /v2/generations</c>, and only from its own front end.
/// </summary>
public sealed class OpenAiRepeatTests(OpenAiFixture fixture) : IClassFixture<OpenAiFixture>
{
    private readonly GatewayApp _gateway = fixture.Gateway;

    [Fact]
    public async Task After_90_seconds_the_answer_is_504_and_the_repeat_waits_for_the_same_generation()
    {
        var began = _gateway.Time.GetUtcNow();
        using (var first = await _gateway.TimesOutAsync("A late cat", 240, () => _gateway.PostAsync(Body("A late cat"), ImagesPath, AsA)))
            await first.ErrorAsync(504, "api_error", "timeout");
        (_gateway.Time.GetUtcNow() - began).ShouldBeInRange(TimeSpan.FromSeconds(90), TimeSpan.FromSeconds(95));
        using (var second = await _gateway.EndsAsync(_gateway.PostAsync(Body("A late cat"), ImagesPath, AsA)))
            await second.ErrorAsync(504, "api_error", "timeout");

        using var third = await _gateway.EndsAsync(_gateway.PostAsync(Body("A late cat"), ImagesPath, AsA));

        await third.ImagesAsync();
        third.Header("idempotency-replayed").ShouldBe("true");
        _gateway.Charges("A late cat").ShouldBe(1);
    }

    /// <summary>The connection to the caller shows nothing: it took every byte that was sent.</summary>
    [Theory]
    [InlineData("A broken answer", "")]
    [InlineData("A broken stream", "\"stream\":true")]
    public async Task An_answer_that_was_broken_off_is_repeated_without_another_charge(string prompt, string members)
    {
        _gateway.Leonardo.Script("cdn", "cut-image");
        await Should.ThrowAsync<HttpRequestException>(() => _gateway.MakeImagesAsync(Body(prompt, members), AsA));

        using var repeat = await _gateway.MakeImagesAsync(Body(prompt, members), AsA);

        repeat.StatusCode.ShouldBe(System.Net.HttpStatusCode.OK);
        (await repeat.TextAsync()).ShouldContain("b64_json");
        repeat.Header("idempotency-replayed").ShouldBe("true");
        _gateway.Charges(prompt).ShouldBe(1);
    }

    [Fact]
    public async Task Two_people_who_both_got_their_images_pay_for_two()
    {
        await (await _gateway.MakeImagesAsync(Body("A common cat"), AsA)).ImagesAsync();
        await (await _gateway.MakeImagesAsync(Body("A common cat"), AsA)).ImagesAsync();
        _gateway.Charges("A common cat").ShouldBe(2);
    }

    [Fact]
    public async Task Another_format_of_the_same_images_is_a_repeat_and_another_request_is_not()
    {
        const string Prompt = "A formatless cat";
        using (var first = await _gateway.TimesOutAsync(Prompt, 120, () => _gateway.PostAsync(Body(Prompt), ImagesPath, AsA)))
            await first.ErrorAsync(504, "api_error", "timeout");

        using var other = await _gateway.MakeImagesAsync(Body(Prompt, "\"n\":2"), AsA);
        using var same = await _gateway.MakeImagesAsync(Body(Prompt, "\"response_format\":\"url\",\"user\":\"alice\""), AsA);

        other.Header("idempotency-replayed").ShouldBeNull();
        same.Header("idempotency-replayed").ShouldBe("true");
        (await same.ImagesAsync())["data"]![0]!["b64_json"].ShouldBeNull();
        _gateway.Charges(Prompt).ShouldBe(2);
    }

    /// <summary>The outcome of each stays unknown, so that an equal request would get it.</summary>
    [Fact]
    public async Task A_native_request_and_one_of_OpenAI_never_match_each_other()
    {
        const string Prompt = "A cat of two front ends [sim:garbage]";
        const string Native = $$$"""{"model":"flux-pro-2.0","parameters":{"prompt":"{{{Prompt}}}","width":256,"height":256}}""";
        await (await _gateway.PostAsync(Native, headers: AsA)).ProblemAsync(502, "outcome-unknown");

        using var other = await _gateway.MakeImagesAsync(Body(Prompt), AsA);
        other.Header("idempotency-replayed").ShouldBeNull();
        _gateway.Charges(Prompt).ShouldBe(2);

        using var repeat = await _gateway.MakeImagesAsync(Body(Prompt), AsA);
        using var native = await _gateway.PostAsync(Native, headers: AsA);
        repeat.Header("idempotency-replayed").ShouldBe("true");
        native.Header("idempotency-replayed").ShouldBe("true");
        _gateway.Charges(Prompt).ShouldBe(2);
    }

    /// <summary>Each upload has another id: what counts are the bytes.</summary>
    [Fact]
    public async Task A_repeated_edit_is_known_by_its_files()
    {
        const string Prompt = "A repeated edit";
        using var form = Form(Prompt, "image", TwoTenants.Png);
        using (var first = await _gateway.TimesOutAsync(Prompt, 120, () => _gateway.SendAsync(HttpMethod.Post, EditsPath, form, AsA)))
            await first.ErrorAsync(504, "api_error", "timeout");

        using var otherForm = Form(Prompt, "image", TwoTenants.Jpeg);
        using var other = await _gateway.EditImagesAsync(otherForm, AsA);
        using var sameForm = Form(Prompt, "image[]", TwoTenants.Png);
        using var same = await _gateway.EditImagesAsync(sameForm, AsA);

        other.Header("idempotency-replayed").ShouldBeNull();
        same.Header("idempotency-replayed").ShouldBe("true");
        await same.ImagesAsync();
        _gateway.Charges(Prompt).ShouldBe(2);
    }

    [Fact]
    public async Task A_failed_generation_is_not_a_success_and_its_repeat_is_a_new_request()
    {
        await IsRefusedAsync();
        await IsRefusedAsync();

        async Task IsRefusedAsync()
        {
            _gateway.Leonardo.ScriptNext("job-fails");
            using var answer = await _gateway.MakeImagesAsync(Body("A failed cat"), AsA);
            await answer.ErrorAsync(400, "invalid_request_error", "upstream_rejected");
            answer.Header("idempotency-replayed").ShouldBeNull();
        }
    }
}
