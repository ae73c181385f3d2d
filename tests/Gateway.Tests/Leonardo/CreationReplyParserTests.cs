using System.Text;
using Gateway.Leonardo.Replies;

namespace Gateway.Tests.Leonardo;

public sealed class CreationReplyParserTests
{
    private const string Id = "1f1a2b3c-4d5e-6f70-8a1b-0123456789ab";

    [Theory]
    [InlineData(
        """{"generate":{"generationId":"1f1a2b3c-4d5e-6f70-8a1b-0123456789ab","apiCreditCost":null,"cost":{"amount":"0.0837","unit":"DOLLARS"}}}""",
        83_700L,
        null,
        null
    )]
    [InlineData("""{"generationId":"1f1a2b3c-4d5e-6f70-8a1b-0123456789ab","apiCreditCost":140}""", null, null, 140)]
    [InlineData(
        """{"generate":{"generationId":"1F1A2B3C-4D5E-6F70-8A1B-0123456789AB","cost":{"amount":"56","unit":"CREDITS"}}}""",
        null,
        "56",
        null
    )]
    [InlineData(
        """{"generate":{"generationId":"1f1a2b3c-4d5e-6f70-8a1b-0123456789ab","cost":{"amount":"-5","unit":"DOLLARS"}}}""",
        null,
        null,
        null
    )]
    [InlineData(
        """{"generate":{"generationId":"1f1a2b3c-4d5e-6f70-8a1b-0123456789ab","cost":{"amount":"\ud800","unit":"DOLLARS"}}}""",
        null,
        null,
        null
    )]
    [InlineData(
        """{"generate":{"generationId":"1f1a2b3c-4d5e-6f70-8a1b-0123456789ab","cost":null,"apiCreditCost":-3}}""",
        null,
        null,
        null
    )]
    public void A_200_with_a_generation_id_is_accepted(string body, long? micros, string? credits, int? apiCredits)
    {
        var accepted = Read(200, body).ShouldBeOfType<CreationOutcome.Accepted>();
        accepted.GenerationId.ShouldBe(Id);
        accepted.Cost.ShouldBe(new UpstreamCost(micros, credits, apiCredits));
    }

    [Theory]
    [InlineData(
        """[{"message":"An error occurred.","extensions":{"code":"BadRequestException","statusCode":400,"details":{"code":"VALIDATION_ERROR","message":"parameters.width"}}}]""",
        "upstream-rejected",
        "validation"
    )]
    [InlineData(
        """[{"message":"x","extensions":{"details":{"statusCode":400,"code":"VALIDATION_ERROR"}}}]""",
        "upstream-rejected",
        "validation"
    )]
    [InlineData("""{"errors":[{"message":"nothing known","extensions":{"statusCode":400}}]}""", "upstream-rejected", "other")]
    [InlineData("""{"errors":[{"message":"x","extensions":{"statusCode":404,"code":"NOT_FOUND"}}]}""", "upstream-rejected", "reference")]
    [InlineData(
        """[{"message":"Insufficient tokens","extensions":{"code":"HttpException","statusCode":402,"details":"x"}}]""",
        "upstream-out-of-credit",
        null
    )]
    [InlineData("""[{"message":"x","extensions":{"statusCode":429}}]""", "upstream-saturated", null)]
    [InlineData("""[{"message":"x","extensions":{"statusCode":401}}]""", "upstream-credentials", null)]
    [InlineData("""[{"message":"content moderation filter: gore","extensions":{"statusCode":403}}]""", "upstream-rejected", "moderation")]
    public void A_200_with_errors_is_a_refusal_by_the_code_inside(string body, string problem, string? reason) =>
        ShouldRefuse(Read(200, body), problem, reason);

    [Theory]
    [InlineData(
        400,
        """{"error":"expecting a value for non-nullable variable","path":"$","code":"validation-failed"}""",
        "upstream-rejected",
        "validation"
    )]
    [InlineData(400, """{"error":"not enough api tokens userId: 3ccc","path":"$","code":"unexpected"}""", "upstream-out-of-credit", null)]
    [InlineData(400, """{"error":"content moderation filter: gore","path":"$","code":"unexpected"}""", "upstream-rejected", "moderation")]
    [InlineData(
        403,
        """{"error":"Your prompt appears to contain inappropriate content","code":"unexpected"}""",
        "upstream-rejected",
        "moderation"
    )]
    [InlineData(400, """{"error":"invalid init image id","code":"unexpected"}""", "upstream-rejected", "reference")]
    [InlineData(400, "<html>Bad Request</html>", "upstream-rejected", "other")]
    [InlineData(
        401,
        """{"error":"Authentication hook unauthorized this request","path":"$","code":"access-denied"}""",
        "upstream-credentials",
        null
    )]
    [InlineData(403, "<html>Forbidden</html>", "upstream-credentials", null)]
    [InlineData(402, "", "upstream-out-of-credit", null)]
    [InlineData(404, "", "upstream-rejected", "reference")]
    [InlineData(405, "", "upstream-rejected", "other")]
    [InlineData(413, "", "upstream-rejected", "validation")]
    [InlineData(415, "", "upstream-rejected", "validation")]
    [InlineData(422, "", "upstream-rejected", "validation")]
    [InlineData(429, "", "upstream-saturated", null)]
    public void A_definite_status_is_a_refusal(int status, string body, string problem, string? reason) =>
        ShouldRefuse(Read(status, body), problem, reason);

    [Theory]
    [InlineData(200, "")]
    [InlineData(200, "<html>OK</html>")]
    [InlineData(200, """{"generate":{"generationId":"1f1a2b3c-4d5e""")]
    [InlineData(200, "null")]
    [InlineData(200, "[]")]
    [InlineData(200, "[1]")]
    [InlineData(200, "{}")]
    [InlineData(200, """{"generate":null}""")]
    [InlineData(200, """{"generate":{"generationId":"not-a-uuid"}}""")]
    [InlineData(200, """{"generate":{"generationId":"1f1a2b3c-4d5e-6f70-8a1b-0123456789ab "}}""")]
    [InlineData(200, """{"generate":{"generationId":"1f1a2b3c-4d5e-6f70-8a1b-0123456789ab"},"generate":{}}""")]
    [InlineData(200, """[{"message":"x","extensions":{"statusCode":500}}]""")]
    [InlineData(200, """[{"message":"no code"}]""")]
    [InlineData(200, """{"generate":{"generationId":"1f1a2b3c-4d5e-6f70-8a1b-0123456789ab"},"errors":[{"message":"and yet"}]}""")]
    [InlineData(201, """{"generate":{"generationId":"1f1a2b3c-4d5e-6f70-8a1b-0123456789ab"}}""")]
    [InlineData(204, "")]
    [InlineData(302, "")]
    [InlineData(307, "")]
    [InlineData(408, "")]
    [InlineData(409, "")]
    [InlineData(500, """{"error":"Service Error","path":"$","code":"unexpected"}""")]
    [InlineData(502, "<html>Bad Gateway</html>")]
    [InlineData(503, "")]
    public void Anything_else_is_unknown(int status, string body) => Read(status, body).ShouldBeOfType<CreationOutcome.Unknown>();

    [Theory]
    [InlineData(null, 5)]
    [InlineData(7, 7)]
    [InlineData(0, 1)]
    [InlineData(86_400, 300)]
    public void The_upstreams_retry_after_is_limited_to_1_to_300_seconds(int? stated, int expected) =>
        CreationReplyParser
            .Parse(new UpstreamReply(429, default(ReadOnlyMemory<byte>), stated))
            .ShouldBeOfType<CreationOutcome.Refused>()
            .RetryAfter.ShouldBe(expected);

    [Fact]
    public void A_refusal_contains_no_text_of_the_upstream()
    {
        const string Canary = "3cccc0de-canary";
        foreach (var status in new[] { 400, 401, 402, 403, 404, 422, 429 })
        {
            var refused = Read(status, $$"""{"error":"not this {{Canary}} content moderation","code":"{{Canary}}"}""")
                .ShouldBeOfType<CreationOutcome.Refused>();
            refused.ToString().ShouldNotContain(Canary);
        }
    }

    private static CreationOutcome Read(int status, string body) =>
        CreationReplyParser.Parse(new UpstreamReply(status, Encoding.UTF8.GetBytes(body)));

    private static void ShouldRefuse(CreationOutcome outcome, string problem, string? reason)
    {
        var refused = outcome.ShouldBeOfType<CreationOutcome.Refused>();
        refused.Problem.Name.ShouldBe(problem);
        refused.Reason.ShouldBe(reason);
    }
}
