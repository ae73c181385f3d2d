using System.Globalization;
using System.Net;
using System.Text;
using Gateway.Edge.Problems;
using Gateway.OpenAi;
using Gateway.Tests.Docs;
using Gateway.Tests.Harness;
using static Gateway.Tests.OpenAi.OpenAiCalls;

namespace Gateway.Tests.OpenAi;

/// <summary>The table of errors in docs/openai.md: every problem of the code is in one row, and maps to it.</summary>
public sealed class ErrorTests(OpenAiFixture fixture) : IClassFixture<OpenAiFixture>
{
    private static readonly string[] Rates = ["requests-minute", "uploads-minute", "reads-minute", "requests-per-address"];

    private readonly GatewayApp _gateway = fixture.Gateway;

    public static TheoryData<string> Rows => [.. Errors().Select(row => row[0])];

    [Theory]
    [MemberData(nameof(Rows))]
    public void A_row_of_the_table_is_true(string problem)
    {
        var row = Errors().Single(one => one[0] == problem);
        var statuses = row[1].Split(", ").Select(status => int.Parse(status, CultureInfo.InvariantCulture)).ToList();
        foreach (var one in ProblemsOf(problem))
        {
            var error = OpenAiError.From(one);
            statuses.ShouldContain(error.Status, one.Type.Name);
            error.Type.ShouldBe(row[2].Trim('`'));
            error.Code.ShouldBe(row[3] == "the problem's name" ? one.Type.Name : row[3].Trim('`'));
            error.ShouldRetry.ShouldBe(
                row[4].Contains("x-should-retry: true", StringComparison.Ordinal) ? true
                : row[4].Contains("x-should-retry: false", StringComparison.Ordinal) ? false
                : null
            );
        }
    }

    [Fact]
    public void Every_problem_of_a_tenants_route_has_a_row() =>
        Errors()
            .SelectMany(row => ProblemsOf(row[0]))
            .Select(problem => problem.Type.Name)
            .Distinct(StringComparer.Ordinal)
            .ShouldBe(
                ProblemTypes
                    .All.Select(type => type.Name)
                    .Except(["range-not-satisfiable", "job-not-queued", "not-unknown", "too-many-attempts"]),
                ignoreOrder: true
            );

    [Theory]
    [InlineData("Bearer none")]
    [InlineData("Bearer sk-none")]
    public async Task A_placeholder_counts_as_none_where_the_method_is_wrong_too(string placeholder)
    {
        using var answer = await _gateway.GetAsync(ImagesPath, ("authorization", placeholder));
        await answer.ErrorAsync(405, "invalid_request_error", "method-not-allowed");
    }

    [Theory]
    [InlineData(60, 60)]
    [InlineData(61, null)]
    [InlineData(40_000, null)]
    public void No_answer_makes_a_client_sleep_until_a_daily_quota_resets(int retryAfter, int? said)
    {
        var problem = new Problem(ProblemTypes.QuotaExceeded, "x") { ViolatedPolicies = ["images-day"], RetryAfter = retryAfter };

        OpenAiError.From(problem).RetryAfter.ShouldBe(said);
        OpenAiError.From(problem with { ViolatedPolicies = ["requests-minute"] }).RetryAfter.ShouldBe(retryAfter);
    }

    [Fact]
    public void A_rate_together_with_a_quota_and_one_that_never_admits_it_are_not_waited_for()
    {
        var problem = new Problem(ProblemTypes.QuotaExceeded, "x") { ViolatedPolicies = ["requests-minute", "images-day"], RetryAfter = 5 };

        OpenAiError.From(problem).Code.ShouldBe("insufficient_quota");
        OpenAiError.From(problem with { ViolatedPolicies = ["requests-minute"], NeverAdmitted = true }).ShouldRetry.ShouldBe(false);
    }

    [Fact]
    public async Task Whatever_refuses_a_request_answers_in_OpenAIs_form()
    {
        using var wrong = await _gateway.PostAsync(Body("A cat"), ImagesPath, ("authorization", "Bearer wrong"));
        await wrong.ErrorAsync(401, "authentication_error", "invalid_api_key");
        wrong.Headers.WwwAuthenticate.ShouldHaveSingleItem().Scheme.ShouldBe("Bearer");
        using var foreign = await _gateway.PostAsync(Body("A cat"), ImagesPath, ("origin", "https://evil.example"));
        await foreign.ErrorAsync(403, "permission_error", "cross-site");
        using var host = await _gateway.PostAsync(Body("A cat"), ImagesPath, ("host", "evil.example"));
        await host.ErrorAsync(403, "permission_error", "host-not-allowed");
        using var policy = await _gateway.PostAsync(Body("A cat", "\"n\":3"), ImagesPath, As("small"));
        await policy.ErrorAsync(403, "permission_error", "policy", "n");

        foreach (
            var path in new[]
            {
                "/openai",
                "/openai/v1/chat/completions",
                "/openai/v1/images/variations",
                "/OpenAI/v2",
                "/openai/v1/images/",
            }
        )
            await (await _gateway.GetAsync(path, AsA)).ErrorAsync(404, "invalid_request_error", "not_found");
        using var unknown = await _gateway.GetAsync("/openai/v1/models/dall-e-3", AsA);
        await unknown.ErrorAsync(404, "invalid_request_error", "model_not_found", "model");
        using var method = await _gateway.GetAsync(ImagesPath, AsA);
        await method.ErrorAsync(405, "invalid_request_error", "method-not-allowed");
        method.Content.Headers.Allow.ShouldBe(["POST"]);
        using var accept = await _gateway.PostAsync(Body("A cat"), ImagesPath, AsA, ("accept", "image/png"));
        await accept.ErrorAsync(406, "invalid_request_error", "not-acceptable");
        using var large = await _gateway.PostAsync(Body("A cat", $"\"user\":\"{new string('a', 200_000)}\""), ImagesPath, AsA);
        await large.ErrorAsync(413, "invalid_request_error", "too-large");
        using var text = await _gateway.SendAsync(HttpMethod.Post, ImagesPath, new StringContent("A cat", Encoding.UTF8), AsA);
        await text.ErrorAsync(415, "invalid_request_error", "unsupported-media-type");
        using var json = await _gateway.PostAsync(Body("A cat"), EditsPath, AsA);
        await json.ErrorAsync(415, "invalid_request_error", "unsupported-media-type");
        foreach (var body in new[] { "", "{", """{"prompt":"a","prompt":"b"}""" })
            await (await _gateway.PostAsync(body, ImagesPath, AsA)).InvalidAsync(null);
        using var key = await _gateway.PostAsync(Body("A cat"), ImagesPath, AsA, ("idempotency-key", "\"x"));
        await key.InvalidAsync(null);

        // The other front end keeps its own form.
        await (await _gateway.GetAsync("/openaix", AsA)).ProblemAsync(404, "not-found");
        await (await _gateway.GetAsync("/api/rest" + ImagesPath, AsA)).ProblemAsync(404, "not-found");
    }

    [Theory]
    [InlineData("moderation-400", 400, "invalid_request_error", "content_policy_violation")]
    [InlineData("refuse-validation", 400, "invalid_request_error", "upstream_rejected")]
    [InlineData("out-of-credit-400", 429, "insufficient_quota", "billing_hard_limit_reached")]
    [InlineData("bad-key-401", 502, "api_error", "upstream-credentials")]
    [InlineData("garbage", 502, "api_error", "outcome-unknown")]
    [InlineData("rate-limit-429", 503, "api_error", "upstream-saturated")]
    [InlineData("job-fails", 400, "invalid_request_error", "upstream_rejected")]
    [InlineData("job-empty", 400, "invalid_request_error", "upstream_rejected")]
    public async Task What_Leonardo_does_is_an_error_that_OpenAIs_clients_know(string fault, int status, string type, string code)
    {
        using var answer = await _gateway.MakeImagesAsync(Body($"A cat [sim:{fault}]"), AsA);

        await answer.ErrorAsync(status, type, code);
        answer.Header("x-should-retry").ShouldBe(code == "billing_hard_limit_reached" ? "false" : null);
    }

    [Fact]
    public async Task A_quota_is_refused_without_a_long_sleep_and_a_rate_with_its_seconds()
    {
        await (await _gateway.MakeImagesAsync(Body("The only cat"), As("poor"))).ImagesAsync();
        using var more = await _gateway.PostAsync(Body("One more cat"), ImagesPath, As("poor"));
        var error = await more.ErrorAsync(429, "insufficient_quota", "insufficient_quota");
        error["message"]!.GetValue<string>().ShouldContain("images-day");
        (more.Header("x-should-retry"), more.Header("retry-after")).ShouldBe(("false", null));
        more.Header("ratelimit").ShouldNotBeNull().ShouldContain("\"images-day\";r=0");

        await (await _gateway.MakeImagesAsync(Body("A slow cat"), As("slow"))).ImagesAsync();
        using var soon = await _gateway.PostAsync(Body("A hasty cat"), ImagesPath, As("slow"));
        await soon.ErrorAsync(429, "requests", "rate_limit_exceeded");
        int.Parse(soon.Header("retry-after")!, CultureInfo.InvariantCulture).ShouldBeInRange(1, 60);
        soon.Header("x-should-retry").ShouldBeNull();
    }

    [Fact]
    public async Task An_idempotency_key_repeats_the_images_and_is_refused_for_others()
    {
        var key = ("idempotency-key", "openai-1");
        _gateway.Leonardo.ScriptNext("slow:1");
        var running = _gateway.PostAsync(Body("A keyed cat"), ImagesPath, AsA, key);
        await Eventually.HoldsAsync(() => _gateway.Sent("A keyed cat").Length == 1);
        using (var early = await _gateway.PostAsync(Body("A keyed cat"), ImagesPath, AsA, key))
        {
            await early.ErrorAsync(409, "idempotency_error", "idempotency-in-progress");
            early.Header("x-should-retry").ShouldBe("true");
            early.Header("retry-after").ShouldNotBeNull();
        }
        using var first = await _gateway.EndsAsync(running);
        using var second = await _gateway.MakeImagesAsync(Body("A keyed cat"), AsA, key);
        (await second.ImagesAsync())["data"]!.ToJsonString().ShouldBe((await first.ImagesAsync())["data"]!.ToJsonString());
        second.Header("idempotency-replayed").ShouldBe("true");
        _gateway.Charges("A keyed cat").ShouldBe(1);

        foreach (var (path, body) in new[] { (ImagesPath, Body("Another cat")), ("/v2/generations", GatewayApp.Guide) })
        {
            using var other = await _gateway.PostAsync(body, path, AsA, key);
            other.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
            if (path == ImagesPath)
            {
                await other.ErrorAsync(422, "idempotency_error", "idempotency-mismatch");
                other.Header("x-should-retry").ShouldBe("false");
            }
        }
    }

    private static IEnumerable<IReadOnlyList<string>> Errors() =>
        Documents.Rows("docs/openai.md").Where(row => row.Count == 5).Skip(1).Where(row => row[0].StartsWith('`'));

    /// <summary>The problems that a row names, as the gateway makes them.</summary>
    private static IEnumerable<Problem> ProblemsOf(string cell)
    {
        var names = cell.Split('`').Where((_, index) => index % 2 == 1).ToList();
        foreach (var type in names.Select(name => ProblemTypes.All.FirstOrDefault(type => type.Name == name)).OfType<ProblemType>())
        {
            var problem = new Problem(type, "x");
            if (type == ProblemTypes.UpstreamRejected)
                yield return problem with
                {
                    Reason = names.Contains("moderation") ? "moderation" : "other",
                };
            else if (cell.Contains("of a model", StringComparison.Ordinal))
                yield return problem with
                {
                    Errors = [new Violation("#/model", OpenAiError.UnknownModel, "x")],
                };
            else if (type == ProblemTypes.QuotaExceeded && !cell.Contains("of a rate", StringComparison.Ordinal))
                yield return problem with
                {
                    ViolatedPolicies = ["usd-month"],
                };
            else if (type == ProblemTypes.QuotaExceeded)
                foreach (var rate in Rates)
                    yield return problem with
                    {
                        ViolatedPolicies = [rate],
                    };
            else
                foreach (var status in type.OtherStatuses.Where(status => status >= 500).Prepend(type.Status))
                    yield return problem with
                    {
                        Status = status,
                    };
        }
    }
}
