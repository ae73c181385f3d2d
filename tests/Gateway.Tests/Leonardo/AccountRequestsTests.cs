using System.Net;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Leonardo;

/// <summary>The account's requests a minute: creations first, then polls, then the rest.</summary>
public sealed class AccountRequestsTests
{
    [Fact]
    public async Task A_tenant_that_uses_up_the_rest_leaves_creations_and_polls_to_all()
    {
        // 20 a minute: 10 for creations; of the other 10, half for calls of tenants.
        await using var gateway = await GatewayApp.StartAsync(
            TwoTenants.WithQuotas("""{ "uploadsPerMinute": null }""", "{ }"),
            settings: [("Leonardo:RequestsPerMinute", "20"), ("Leonardo:GenerationsPerMinute", "10")]
        );
        var uploads = new List<HttpResponseMessage>();
        for (var n = 0; n < 12; n++)
            uploads.Add(await gateway.PostAsync("""{"extension":"png"}""", "/v1/init-image", TwoTenants.AsA));

        uploads.Count(upload => upload.StatusCode == HttpStatusCode.OK).ShouldBe(5);
        foreach (var refused in uploads.Skip(5))
        {
            await refused.ProblemAsync(503, "upstream-saturated");
            refused.Headers.RetryAfter!.Delta!.Value.ShouldBeInRange(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60));
        }
        var posting = gateway.PostAsync(GatewayApp.Guide, headers: [TwoTenants.AsB, ("Prefer", "wait=30")]);
        await gateway.PassAsync(() => posting.IsCompleted);
        (await posting).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task The_minute_slides()
    {
        await using var gateway = await GatewayApp.StartAsync(
            settings: [("Leonardo:RequestsPerMinute", "2"), ("Leonardo:GenerationsPerMinute", "1")]
        );
        async Task<HttpStatusCode> UploadAsync() => (await gateway.PostAsync("""{"extension":"png"}""", "/v1/init-image")).StatusCode;

        (await UploadAsync()).ShouldBe(HttpStatusCode.OK);
        (await UploadAsync()).ShouldBe(HttpStatusCode.ServiceUnavailable);
        gateway.Time.Advance(TimeSpan.FromSeconds(59));
        (await UploadAsync()).ShouldBe(HttpStatusCode.ServiceUnavailable);
        gateway.Time.Advance(TimeSpan.FromSeconds(1));
        (await UploadAsync()).ShouldBe(HttpStatusCode.OK);
    }
}
