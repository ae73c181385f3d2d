using System.Text;
using Gateway.Leonardo.Replies;

namespace Gateway.Tests.Leonardo;

/// <summary>What the upstream echoes by mistake is removed from the texts that a tenant may read (T-K14).</summary>
public sealed class UpstreamTextTests
{
    private const string Id = "1f0c6c1e-5d3a-4a10-8f4e-2b7d1c9e0a53";

    [Theory]
    [InlineData("A cat wearing a hat, 35mm, f/1.8, 1920x1080", "A cat wearing a hat, 35mm, f/1.8, 1920x1080")]
    [InlineData("An extraordinarily-long-hyphenated-adjective cat", "An extraordinarily-long-hyphenated-adjective cat")]
    [InlineData("A cat (" + Id + ")", "A cat [removed]")]
    [InlineData("user: " + Id + " key: Bearer " + Id, "user: [removed] key: Bearer [removed]")]
    [InlineData("see https://cdn.leonardo.ai/users/x/a.jpg now", "see [removed] now")]
    [InlineData("cdn.leonardo.ai/users/me", "[removed]")]
    [InlineData("127.0.0.1:8080/cdn/1.jpg", "[removed]")]
    [InlineData("sk_live_abcdefgh0123456789", "[removed]")]
    public void Words_that_may_be_secrets_are_removed(string text, string expected) => UpstreamText.Scrub(text).ShouldBe(expected);

    [Fact]
    public void A_row_has_the_prompt_scrubbed_and_no_model_id()
    {
        var reply = $$$"""
            {"generations_by_pk":{"id":"{{{Id}}}","status":"COMPLETE","prompt":"cat {{{Id}}}","negativePrompt":"https://cdn.leonardo.ai/users/{{{Id}}}/x",
             "modelId":"{{{Id}}}","generated_images":[]}}
            """;

        var found = ApiReplyParser
            .Parse(new UpstreamReply(200, Encoding.UTF8.GetBytes(reply)), ApiReplyParser.Row("generations_by_pk", UpstreamGeneration.Parse))
            .ShouldBeOfType<ApiOutcome<UpstreamGeneration>.Found>()
            .Value;

        found.Row.ShouldContain("\"prompt\":\"cat [removed]\"");
        found.Row.ShouldContain("\"negativePrompt\":\"[removed]\"");
        found.Row.ShouldContain("\"modelId\":null");
        found.RowWithPrompt.ShouldContain($"\"prompt\":\"cat {Id}\"");
    }

    [Theory]
    [InlineData("120", 120)]
    [InlineData("Sun, 22 Nov 2026 12:01:00 GMT", 60)]
    [InlineData("Sun, 22 Nov 2026 11:00:00 GMT", 0)]
    [InlineData("soon", null)]
    public async Task Retry_After_may_be_seconds_or_a_date(string stated, int? seconds)
    {
        using var response = new HttpResponseMessage(System.Net.HttpStatusCode.TooManyRequests) { Content = new StringContent("") };
        response.Headers.TryAddWithoutValidation("Date", "Sun, 22 Nov 2026 12:00:00 GMT");
        response.Headers.TryAddWithoutValidation("Retry-After", stated);

        (await UpstreamReply.ReadAsync(response, TestContext.Current.CancellationToken)).RetryAfter.ShouldBe(seconds);
    }
}
