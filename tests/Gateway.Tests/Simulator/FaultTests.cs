using System.Net;
using System.Net.Http.Json;

namespace Gateway.Tests.Simulator;

public sealed class FaultTests
{
    [Theory]
    [InlineData("refuse-validation", 200, 0, "parameters.width must be one of")]
    [InlineData("refuse-validation-bare", 200, 0, "VALIDATION_ERROR")]
    [InlineData("refuse-string-details", 200, 0, "\"statusCode\":400,\"details\":\"An error")]
    [InlineData("refuse-in-details", 200, 0, """{"code":"BAD_REQUEST","details":{"code":"VALIDATION_ERROR","statusCode":400""")]
    [InlineData("refuse-errors-object", 200, 0, "{\"errors\":[{")]
    [InlineData("refuse-e1-400", 400, 0, "validation-failed")]
    [InlineData("bad-reference", 200, 0, "invalid init image id")]
    [InlineData("moderation-400", 400, 0, "content moderation filter")]
    [InlineData("moderation-403", 403, 0, "content moderation filter")]
    [InlineData("moderation-200", 200, 0, "content moderation filter")]
    [InlineData("rate-limit-429", 429, 0, "Too many requests")]
    [InlineData("rate-limit-200", 200, 0, "\"statusCode\":429")]
    [InlineData("queue-full", 200, 0, "Too many pending jobs")]
    [InlineData("out-of-credit-200", 200, 0, "\"statusCode\":402")]
    [InlineData("out-of-credit-400", 400, 0, "not enough api tokens userId: ")]
    [InlineData("bad-key-401", 401, 0, "access-denied")]
    [InlineData("forbidden-403", 403, 0, "access-denied")]
    [InlineData("error-500", 500, 0, "Service Error")]
    [InlineData("error-500-after", 500, 1, "Service Error")]
    [InlineData("error-502-html", 502, 0, "<html>")]
    [InlineData("error-408", 408, 0, "")]
    [InlineData("error-409", 409, 0, "")]
    [InlineData("inner-500", 200, 0, "\"statusCode\":500")]
    [InlineData("redirect-307", 307, 0, "")]
    [InlineData("slow:0.05", 200, 1, "\"generate\"")]
    [InlineData("garbage", 200, 1, "{\0")]
    [InlineData("empty-200", 200, 1, "")]
    [InlineData("html-200", 200, 1, "<!doctype html>")]
    [InlineData("wrong-content-type", 200, 1, "\"generate\"")]
    [InlineData("flat-success", 200, 1, "{\"generationId\":")]
    [InlineData("missing-cost", 200, 1, "\"}}")]
    [InlineData("credits-cost", 200, 1, "\"amount\":\"8\",\"unit\":\"CREDITS\"")]
    [InlineData("credits-140", 200, 1, "\"apiCreditCost\":140}")]
    [InlineData("zero-cost", 200, 1, "\"apiCreditCost\":0}")]
    [InlineData("negative-cost", 200, 1, "\"-1.0000\"")]
    [InlineData("absurd-cost", 200, 1, "\"99999999999999999999999999.99\"")]
    [InlineData("huge-body", 200, 1, "xxxxxxxxxx\"}")]
    [InlineData("bad-id", 200, 1, "not-a-uuid")]
    [InlineData("crlf-id", 200, 1, "\\r\\nX-Injected: 1")]
    [InlineData("echo-key", 400, 0, "could not authorize 'Bearer ")]
    [InlineData("set-cookie", 200, 1, "\"generate\"")]
    [InlineData("204-no-body", 204, 1, "")]
    [InlineData("gzip-body", 200, 1, "\u001f")]
    [InlineData("ok", 200, 1, "\"generate\"")]
    [InlineData("misspelt", 400, 0, "unknown fault 'misspelt'")]
    public async Task Each_fault_has_its_documented_reply_and_charge(string fault, int status, int charges, string contained)
    {
        await using var client = await Client.StartAsync();

        using var response = await client.PostAsync(Client.Body(), fault);

        ((int)response.StatusCode).ShouldBe(status);
        (await response.Content.ReadAsStringAsync(Client.Cancellation)).Contains(contained, StringComparison.Ordinal).ShouldBeTrue();
        client.Simulator.Invoice.Count.ShouldBe(charges);
    }

    [Fact]
    public async Task Scripted_faults_come_in_order_and_then_end()
    {
        await using var client = await Client.StartAsync();
        client.Simulator.ScriptNext("error-500", "ok", "error-409");
        using var more = await client.Http.PostAsJsonAsync("/_sim/faults", (string[])["error-408"], Client.Cancellation);

        var statuses = new List<int>();
        for (var call = 0; call < 5; call++)
        {
            using var response = await client.PostAsync(Client.Body());
            statuses.Add((int)response.StatusCode);
        }

        statuses.ShouldBe([500, 200, 409, 408, 200]);
    }

    [Fact]
    public async Task A_prompt_can_request_a_fault()
    {
        await using var client = await Client.StartAsync();

        using var response = await client.PostAsync(Client.Body("a kite [sim:moderation-403] at sea"));

        response.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task An_unknown_fault_cannot_be_scripted()
    {
        await using var client = await Client.StartAsync();

        Should.Throw<ArgumentException>(() => client.Simulator.ScriptNext("eror-500"));
        using var refused = await client.Http.PostAsJsonAsync(
            "/_sim/faults",
            new { target = "cdn", faults = (string[])["job-fails"] },
            Client.Cancellation
        );
        refused.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Theory]
    [InlineData("get", "/api/rest/v1/generations/00000000-0000-4000-8000-000000000000")]
    [InlineData("list", "/api/rest/v1/generations/user/00000000-0000-4000-8000-000000000000")]
    [InlineData("me", "/api/rest/v1/me")]
    [InlineData("models", "/api/rest/v2/models")]
    [InlineData("init-image", "/api/rest/v1/init-image/00000000-0000-4000-8000-000000000000")]
    [InlineData("cdn", "/users/00000000-0000-4000-8000-000000000000/generations/00000000-0000-4000-8000-000000000000/x.jpg")]
    public async Task Every_target_has_its_own_queue(string target, string path)
    {
        await using var client = await Client.StartAsync();
        client.Simulator.Script(target, "error-500", "redirect:http://elsewhere.test/");

        using (await client.PostAsync(Client.Body())) { }
        using var failed = await client.Http.GetAsync(new Uri(path, UriKind.Relative), Client.Cancellation);
        using var redirected = await client.Http.GetAsync(new Uri(path, UriKind.Relative), Client.Cancellation);
        using var well = await client.Http.GetAsync(new Uri(path, UriKind.Relative), Client.Cancellation);

        failed.StatusCode.ShouldBe(HttpStatusCode.InternalServerError);
        redirected.Headers.Location.ShouldBe(new Uri("http://elsewhere.test/"));
        ((int)well.StatusCode).ShouldBe(target == "cdn" ? 404 : 200);
        client.Simulator.Invoice.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_duplicate_id_repeats_the_previous_generation_and_both_are_charged()
    {
        await using var client = await Client.StartAsync();
        var first = await client.CreateAsync();
        client.Simulator.ScriptNext("duplicate-id");

        (await client.CreateAsync()).ShouldBe(first);

        client.Simulator.Invoice.Select(line => line.GenerationId).Distinct(StringComparer.Ordinal).Count().ShouldBe(2);
    }

    [Fact]
    public async Task A_client_that_follows_a_redirect_is_recorded_at_the_trap()
    {
        await using var client = await Client.StartAsync();
        using var redirect = await client.PostAsync(Client.Body(), "redirect-307");

        using var followed = await client.Http.PostAsync(redirect.Headers.Location, null, Client.Cancellation);

        client.Simulator.Stats.TrapHits.ShouldBe(1);
        client.Simulator.Received[^1].Header("Authorization").ShouldBe($"Bearer {client.Simulator.Key}");
    }
}
