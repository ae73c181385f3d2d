using System.Net;
using Gateway.Ledger;
using Gateway.Results;
using Gateway.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Admin;

/// <summary>
/// What is under way for a tenant ends within five seconds after it was suspended or removed (T-K13); what was sent is
/// settled.
/// </summary>
public sealed class TenantEndTests : IAsyncLifetime
{
    private AdminGateway _admin = null!;

    private GatewayApp Gateway => _admin.Gateway;

    public async ValueTask InitializeAsync() =>
        _admin = await AdminGateway.StartAsync(
            ("Leonardo:ConcurrentGenerations", "1"),
            ("Leonardo:QueueTimeout", "00:10:00"),
            ("Identification:TrustedProxies", "127.0.0.1")
        );

    public ValueTask DisposeAsync() => _admin.DisposeAsync();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Streams_and_waits_end(bool isSuspended)
    {
        var id = await BeginAsync();
        using var stream = await ReadAsync(id, ("Accept", "text/event-stream"));
        var events = await stream.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        var wait = Gateway.GetAsync($"/v1/generations/{id}", ("Prefer", "wait=120"));
        var waiters = Gateway.Services.GetRequiredService<CompletionWaiters>();
        await Eventually.HoldsAsync(() => waiters.Counts.GetValueOrDefault(id) == 2);

        await EndAsync(isSuspended);

        await (await wait).ProblemAsync(403, "suspended");
        await Should.ThrowAsync<IOException>(() => events.CopyToAsync(Stream.Null, TestContext.Current.CancellationToken));
        (await Gateway.GetAsync("/v1/usage", ("Authorization", "Bearer b"))).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task What_waits_for_a_slot_is_not_sent()
    {
        await BeginAsync();
        var waiting = Gateway.PostAsync("""{"model":"flux-pro-2.0","parameters":{"prompt":"another"}}""");
        await Eventually.HoldsAsync(() => Gateway.Services.GetRequiredService<QuotaLedger>().Waiting == 1);

        await EndAsync(isSuspended: true);

        await (await waiting).ProblemAsync(403, "suspended");
        Gateway.Leonardo.Received.Count(request => request.Method == "POST").ShouldBe(1);
    }

    [Fact]
    public async Task An_upload_address_ends()
    {
        var made = await Gateway.PostAsync("""{"extension":"png"}""", "/v1/init-image");
        var address = new Uri((await made.JsonAsync())["uploadInitImage"]!["url"]!.GetValue<string>()).AbsolutePath;

        await EndAsync(isSuspended: true);

        // Without any credential: the address alone would do.
        var form = TwoTenants.Form(TwoTenants.Png, "x.png");
        await (await Gateway.SendAsync(HttpMethod.Post, address, form, ("X-Forwarded-For", "203.0.113.9"))).ProblemAsync(403, "suspended");
        Gateway.Leonardo.Received.ShouldNotContain(request => request.Method == "POST" && request.Path.Contains("upload"));
    }

    private async Task EndAsync(bool isSuspended)
    {
        if (isSuspended)
            (await _admin.PostAsync("/admin/tenants/a/suspend", """{"reason":"runaway"}""")).StatusCode.ShouldBe(HttpStatusCode.OK);
        else
            await File.WriteAllTextAsync(
                Gateway.TenantsFile,
                (await File.ReadAllTextAsync(Gateway.TenantsFile)).Replace("\"id\": \"a\"", "\"id\": \"z\"", StringComparison.Ordinal),
                TestContext.Current.CancellationToken
            );
        for (var second = 0; second < 5; second++)
        {
            Gateway.Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    private Task<HttpResponseMessage> ReadAsync(string id, (string Name, string Value) header)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/generations/{id}");
        request.Headers.TryAddWithoutValidation(header.Name, header.Value);
        return Gateway.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
    }

    private async Task<string> BeginAsync()
    {
        var made = await Gateway.PostAsync(
            """{"model":"flux-pro-2.0","parameters":{"prompt":"[sim:job-forever]","width":256,"height":256}}"""
        );
        return (await made.JsonAsync())["generate"]!["generationId"]!.GetValue<string>();
    }
}
