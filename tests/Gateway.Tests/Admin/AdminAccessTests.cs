using System.Net;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Admin;

/// <summary>Access to <c>/admin</c>.</summary>
public sealed class AdminAccessTests
{
    [Theory]
    [InlineData("GET", "/admin/tenants")]
    [InlineData("POST", "/admin/tenants")]
    [InlineData("GET", "/admin")]
    [InlineData("GET", "/ADMIN/audit")]
    [InlineData("GET", "/admin/nothing-here")]
    public async Task Without_a_token_file_every_admin_path_answers_404(string method, string path)
    {
        await using var gateway = await GatewayApp.StartAsync();

        var answer = await gateway.SendAsync(new HttpMethod(method), path, null, ("Authorization", "Bearer " + AdminGateway.Token));

        await answer.ProblemAsync(404, "not-found");
    }

    [Theory]
    [InlineData("/admin/tenants")]
    [InlineData("/admin/nothing-here")]
    public async Task Without_a_valid_token_every_admin_path_answers_401(string path)
    {
        await using var admin = await AdminGateway.StartAsync();
        string[] invalid = ["Bearer wrong-token-of-some-length", "Bearer ", "Basic " + AdminGateway.Token, AdminGateway.Token, "Bearer b"];

        var bare = await admin.Gateway.GetAsync(path);
        await bare.ProblemAsync(401, "unidentified");
        bare.Headers.WwwAuthenticate.ToString().ShouldBe("Bearer realm=\"admin\"");
        foreach (var authorization in invalid)
            await (await admin.Gateway.GetAsync(path, ("Authorization", authorization))).ProblemAsync(401, "unidentified");
        await (
            await admin.Gateway.GetAsync(path, ("Authorization", "Bearer " + AdminGateway.Token), ("Authorization", "Bearer x"))
        ).ProblemAsync(401, "unidentified");
    }

    [Fact]
    public async Task An_operators_token_does_not_identify_a_tenant()
    {
        await using var admin = await AdminGateway.StartAsync();

        await (await admin.PostAsync("/v2/generations", GatewayApp.Guide)).ProblemAsync(401, "unidentified");
    }

    [Fact]
    public async Task Behind_a_trusted_proxy_only_the_guessing_client_is_blocked()
    {
        await using var admin = await AdminGateway.StartAsync(("Identification:TrustedProxies", "127.0.0.1"));
        for (var i = 0; i < 10; i++)
            await admin.Gateway.GetAsync("/admin/tenants", ("Authorization", $"Bearer guess-{i}"), ("X-Forwarded-For", "203.0.113.9"));

        (await GuessAsync("203.0.113.9")).StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
        (await GuessAsync("10.1.1.1")).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);

        Task<HttpResponseMessage> GuessAsync(string address) =>
            admin.Gateway.GetAsync("/admin/tenants", ("Authorization", "Bearer guess"), ("X-Forwarded-For", address));
    }

    [Fact]
    public async Task Guessing_tokens_blocks_the_address_for_a_minute_and_a_valid_token_passes()
    {
        await using var admin = await AdminGateway.StartAsync();
        for (var i = 0; i < 10; i++)
            (await admin.Gateway.GetAsync("/admin/tenants", ("Authorization", $"Bearer guess-{i}"))).StatusCode.ShouldBe(
                HttpStatusCode.Unauthorized
            );

        var blocked = await admin.Gateway.GetAsync("/admin/tenants", ("Authorization", "Bearer guess-10"));
        await blocked.ProblemAsync(429, "too-many-attempts");
        blocked.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(60));
        (await admin.GetAsync("/admin/tenants")).StatusCode.ShouldBe(HttpStatusCode.OK, "somebody else may have guessed");
        (await admin.GenerateAsync()).StatusCode.ShouldBe(HttpStatusCode.OK, "tenants behind the same address are not blocked");

        admin.Gateway.Time.Advance(TimeSpan.FromSeconds(61));
        var again = await admin.Gateway.GetAsync("/admin/tenants", ("Authorization", "Bearer guess-11"));
        again.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_runaway_operator_script_is_rate_limited_and_tenants_are_not()
    {
        await using var admin = await AdminGateway.StartAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 400).Select(_ => admin.GetAsync("/admin/tenants")));

        var statuses = string.Join(", ", answers.CountBy(answer => (int)answer.StatusCode).Select(count => $"{count.Value} x {count.Key}"));
        answers.Count(answer => answer.StatusCode == HttpStatusCode.OK).ShouldBeGreaterThanOrEqualTo(100, statuses);
        var refused = answers.First(answer => answer.StatusCode != HttpStatusCode.OK);
        var problem = await refused.ProblemAsync(429, "quota-exceeded");
        problem["violated-policies"]!.AsArray().Select(policy => policy!.GetValue<string>()).ShouldBe(["admin-requests"]);
        refused.Headers.RetryAfter.ShouldNotBeNull();
        (await admin.GenerateAsync()).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Tokens_are_replaced_without_a_restart()
    {
        await using var admin = await AdminGateway.StartAsync();
        const string Next = "the-next-token-of-the-operators";
        await File.WriteAllTextAsync(admin.TokenFile, Next, TestContext.Current.CancellationToken);
        admin.Gateway.Time.Advance(TimeSpan.FromSeconds(1));

        (await admin.GetAsync("/admin/tenants")).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await admin.Gateway.GetAsync("/admin/tenants", ("Authorization", "Bearer " + Next))).StatusCode.ShouldBe(HttpStatusCode.OK);

        // Missing, as while a mount is replaced: the last tokens stay valid. Empty: no token is valid.
        File.Delete(admin.TokenFile);
        admin.Gateway.Time.Advance(TimeSpan.FromSeconds(1));
        (await admin.Gateway.GetAsync("/admin/tenants", ("Authorization", "Bearer " + Next))).StatusCode.ShouldBe(HttpStatusCode.OK);
        await File.WriteAllTextAsync(admin.TokenFile, "# nobody\n", TestContext.Current.CancellationToken);
        admin.Gateway.Time.Advance(TimeSpan.FromSeconds(1));
        (await admin.Gateway.GetAsync("/admin/tenants", ("Authorization", "Bearer " + Next))).StatusCode.ShouldBe(
            HttpStatusCode.Unauthorized
        );
    }

    [Theory]
    [InlineData("short")]
    [InlineData("")]
    [InlineData("a name token-of-enough-length")]
    [InlineData("a/b token-of-enough-length")]
    public async Task An_invalid_token_file_prevents_the_start_and_is_not_quoted(string content)
    {
        using var temporary = new TemporaryFolder();
        var folder = temporary.Path;
        await File.WriteAllTextAsync(Path.Combine(folder, "tokens"), content, TestContext.Current.CancellationToken);

        var (exit, output) = await GatewayProcess.RunAsync(
            folder,
            [],
            ("Leonardo__Simulator", "true"),
            ("Admin__TokenFile", "tokens"),
            ("ASPNETCORE_ENVIRONMENT", "Development")
        );

        exit.ShouldBe(1);
        output.ShouldContain("Admin:TokenFile: ");
        if (content.Length > 0)
            output.ShouldNotContain(content);
    }
}
