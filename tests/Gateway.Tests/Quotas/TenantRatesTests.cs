using System.Net;
using Gateway.Tests.Harness;
using Leonardo.Simulator;

namespace Gateway.Tests.Quotas;

/// <summary>What a tenant may do to the account in a minute besides generating: uploads and reads (T-K3).</summary>
public sealed class TenantRatesTests
{
    [Fact]
    public async Task Uploads_beyond_the_limit_are_refused_before_anything_is_sent()
    {
        await using var gateway = await StartAsync("""{ "uploadsPerMinute": 2 }""");
        await gateway.UploadAsync(TwoTenants.AsA);
        (await AddressAsync(gateway)).StatusCode.ShouldBe(HttpStatusCode.OK);
        var sent = gateway.Leonardo.Received.Count;

        foreach (var refused in (HttpResponseMessage[])[await AddressAsync(gateway), await SendFileAsync(gateway)])
        {
            var problem = await refused.ProblemAsync(429, "quota-exceeded");
            problem["violated-policies"]!.ToJsonString().ShouldBe("""["uploads-minute"]""");
            problem["detail"]!.GetValue<string>().ShouldContain("uploads-minute: 1 asked, 0 of 2 left, resets at ");
            refused.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(61));
            refused.Headers.GetValues("RateLimit").Single().ShouldContain("\"uploads-minute\";r=0;t=61");
        }
        gateway.Leonardo.Received.Count.ShouldBe(sent);
        await gateway.UploadAsync(TwoTenants.AsB);

        gateway.Time.Advance(TimeSpan.FromSeconds(61));

        await gateway.UploadAsync(TwoTenants.AsA);
    }

    [Fact]
    public async Task A_file_that_is_refused_is_not_counted()
    {
        await using var gateway = await StartAsync("""{ "uploadsPerMinute": 1 }""");

        (await SendFileAsync(gateway, TwoTenants.Gif)).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await AddressAsync(gateway, "gif")).StatusCode.ShouldBe(HttpStatusCode.BadRequest);

        await gateway.UploadAsync(TwoTenants.AsA);
    }

    [Fact]
    public async Task Downloads_that_need_the_images_origin_are_counted_and_cached_ones_are_not()
    {
        using var cache = new TemporaryFolder();
        await using var gateway = await StartAsync(
            """{ "readsPerMinute": 2, "uploadsPerMinute": null }""",
            settings: [("Images:Store", cache.Path)]
        );
        var images = new List<string>();
        foreach (var prompt in (string[])["one", "two", "three"])
        {
            var made = await gateway.MakeAsync(TwoTenants.AsA, prompt);
            images.Add($"/v1/generations/{made["id"]}/images/{made.ImageId()}");
        }
        var upload = await gateway.UploadAsync(TwoTenants.AsA);
        (await gateway.GetAsync(images[0], TwoTenants.AsA)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await gateway.GetAsync($"/v1/init-image/{upload}/image", TwoTenants.AsA)).StatusCode.ShouldBe(HttpStatusCode.OK);
        var sent = gateway.Leonardo.Received.Count;

        foreach (var path in (string[])[images[1], images[2]])
        {
            var refused = await gateway.GetAsync(path, TwoTenants.AsA);
            (await refused.ProblemAsync(429, "quota-exceeded"))["violated-policies"]!.ToJsonString().ShouldBe("""["reads-minute"]""");
            refused.Headers.RetryAfter.ShouldNotBeNull();
        }
        // From the disk, or the store.
        foreach (var path in (string[])[images[0], $"/v1/init-image/{upload}/image", "/v1/generations", $"/v1/init-image/{upload}"])
            (await gateway.GetAsync(path, TwoTenants.AsA)).StatusCode.ShouldBe(HttpStatusCode.OK);
        gateway.Leonardo.Received.Count.ShouldBe(sent);

        gateway.Time.Advance(TimeSpan.FromSeconds(61));

        (await gateway.GetAsync(images[1], TwoTenants.AsA)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_limit_of_zero_never_admits_and_null_lifts_the_default()
    {
        await using var gateway = await StartAsync("""{ "uploadsPerMinute": 0 }""", """{ "uploadsPerMinute": null }""");

        var refused = await AddressAsync(gateway);
        (await refused.ProblemAsync(429, "quota-exceeded"))["neverAdmitted"]!.GetValue<bool>().ShouldBeTrue();
        refused.Headers.RetryAfter.ShouldBeNull();
        for (var n = 0; n < 31; n++)
            await gateway.UploadAsync(TwoTenants.AsB);
    }

    /// <summary>The account has 2,000 requests a minute for everybody.</summary>
    [Fact]
    public async Task A_tenant_whose_quotas_are_all_zero_cannot_use_up_the_accounts_requests()
    {
        await using var gateway = await StartAsync(
            """{ "requestsPerMinute": 0, "imagesPerDay": 0, "usdPerMonth": 0 }""",
            simulator: new SimulatorOptions { CreationsPerMinute = 0, RequestsPerMinute = 200 }
        );

        var answers = await Task.WhenAll(Enumerable.Range(0, 300).Select(_ => AddressAsync(gateway)));

        answers.Count(answer => answer.StatusCode == HttpStatusCode.OK).ShouldBe(30);
        answers.Count(answer => answer.StatusCode == HttpStatusCode.TooManyRequests).ShouldBe(270);
        await gateway.BeginAsync(TwoTenants.AsB);
    }

    private static Task<GatewayApp> StartAsync(
        string a,
        string b = "{}",
        SimulatorOptions? simulator = null,
        params (string, string)[] settings
    ) =>
        GatewayApp.StartAsync(
            TwoTenants.WithQuotas(a, b),
            simulator: simulator ?? new SimulatorOptions { CreationsPerMinute = 0, JobSeconds = 1 },
            settings: settings
        );

    private static Task<HttpResponseMessage> AddressAsync(GatewayApp gateway, string extension = "png") =>
        gateway.SendAsync(
            HttpMethod.Post,
            "/v1/init-image",
            new StringContent($$"""{"extension":"{{extension}}"}""", null, "application/json"),
            TwoTenants.AsA
        );

    private static Task<HttpResponseMessage> SendFileAsync(GatewayApp gateway, byte[]? file = null) =>
        gateway.SendAsync(HttpMethod.Post, "/v1/init-image", TwoTenants.Form(file ?? TwoTenants.Png, "cat.png"), TwoTenants.AsA);
}
