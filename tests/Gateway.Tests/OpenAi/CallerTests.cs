using Gateway.Tests.Harness;
using static Gateway.Tests.OpenAi.OpenAiCalls;

namespace Gateway.Tests.OpenAi;

/// <summary>
/// <c>GET models</c>, the credentials that clients send who have none, and who owns what was made.
/// </summary>
public sealed class CallerTests(OpenAiFixture fixture) : IClassFixture<OpenAiFixture>
{
    private readonly GatewayApp _gateway = fixture.Gateway;

    [Fact]
    public async Task What_was_made_belongs_to_the_tenant_like_any_generation_and_counts_against_its_quotas()
    {
        var made = await (await _gateway.MakeImagesAsync(Body("An owned cat", "\"n\":2"), AsB)).ImagesAsync(2);

        var list = (await (await _gateway.GetAsync("/v1/generations", AsB)).JsonAsync())["generations"]!.AsArray();
        var id = list.ShouldHaveSingleItem()!["id"]!.GetValue<string>();
        made["data"]!.AsArray().ShouldAllBe(image => image!["url"]!.GetValue<string>().Contains(id));
        (await (await _gateway.GetAsync("/v1/generations", AsA)).JsonAsync())["generations"]!.AsArray().ShouldBeEmpty();
        var usage = await (await _gateway.GetAsync("/v1/usage", AsB)).JsonAsync();
        usage["quotas"]!.AsArray().Single(quota => quota!["name"]!.GetValue<string>() == "images-day")!["used"]!
            .GetValue<int>()
            .ShouldBe(2);

        await (await _gateway.SendAsync(HttpMethod.Delete, "/v1/generations/" + id, null, AsA)).ProblemAsync(404, "not-found");
        (await _gateway.SendAsync(HttpMethod.Delete, "/v1/generations/" + id, null, AsB)).EnsureSuccessStatusCode();
        await (await _gateway.GetAsync(new Uri(made["data"]![0]!["url"]!.GetValue<string>()).AbsolutePath, AsB)).ProblemAsync(
            404,
            "not-found"
        );
    }

    [Fact]
    public async Task Models_and_aliases_are_listed_and_found_by_name()
    {
        var list = await (await _gateway.GetAsync("/openai/v1/models", AsA)).JsonAsync();
        list["object"]!.GetValue<string>().ShouldBe("list");
        var models = list["data"]!.AsArray();
        models.Select(model => model!["id"]!.GetValue<string>()).ShouldBe(["flux-pro-2.0", "dall-e-2", "gpt-image-1"]);
        foreach (var model in models)
        {
            var one = await (await _gateway.GetAsync($"/openai/v1/models/{model!["id"]}", AsA)).JsonAsync();
            one.ToJsonString().ShouldBe(model.ToJsonString());
            one["object"]!.GetValue<string>().ShouldBe("model");
        }
    }

    [Theory]
    [InlineData("Bearer ")]
    [InlineData("Bearer none")]
    [InlineData("bearer unused")]
    [InlineData("Bearer sk-none")]
    public async Task A_placeholder_counts_as_no_credential_there_and_nowhere_else(string authorization)
    {
        using var models = await _gateway.GetAsync("/openai/v1/models", ("authorization", authorization));
        models.EnsureSuccessStatusCode();
        models.Header("ratelimit-policy").ShouldNotBeNull();
        await (await _gateway.GetAsync("/v1/usage", ("authorization", authorization))).ProblemAsync(401, "unidentified");

        // What the network identifies is guarded against pages of other sites.
        using var foreign = await _gateway.GetAsync(
            "/openai/v1/models",
            ("authorization", authorization),
            ("sec-fetch-site", "cross-site")
        );
        await foreign.ErrorAsync(403, "permission_error", "cross-site");
    }

    [Theory]
    [InlineData("Bearer sk-1234")]
    [InlineData("Bearer nonesuch")]
    [InlineData("Bearer None")]
    [InlineData("none")]
    [InlineData("Basic none")]
    public async Task Any_other_bad_credential_is_refused(string authorization)
    {
        using var answer = await _gateway.GetAsync("/openai/v1/models", ("authorization", authorization));
        await answer.ErrorAsync(401, "authentication_error", "invalid_api_key");
    }
}
