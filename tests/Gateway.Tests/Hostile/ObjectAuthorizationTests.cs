using System.Net;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Hostile;

/// <summary>
/// OWASP API1: knowing an id gives no access. Another tenant's generation, image or upload is answered exactly as one
/// that does not exist (T-B1, T-B3, T-B5, T-B6, T-B8).
/// </summary>
public sealed class ObjectAuthorizationTests : IAsyncLifetime
{
    private GatewayApp _gateway = null!;
    private string _generation = "";
    private string _upload = "";

    public async ValueTask InitializeAsync()
    {
        _gateway = await GatewayApp.StartAsync(
            GatewayApp.Tenants("""{ "id": "a", "identify": { "header": true } }""", """{ "id": "b", "identify": { "header": true } }"""),
            settings: ("Identification:TrustedProxies", "127.0.0.1")
        );
        var created = await _gateway.PostAsync(GatewayApp.Guide, headers: ("X-Tenant-Id", "a"));
        _generation = (await created.JsonAsync())["generate"]!["generationId"]!.GetValue<string>();
        var begun = await _gateway.PostAsync("""{"extension":"png"}""", "/v1/init-image", ("X-Tenant-Id", "a"));
        _upload = (await begun.JsonAsync())["uploadInitImage"]!["id"]!.GetValue<string>();
    }

    public ValueTask DisposeAsync() => _gateway.DisposeAsync();

    [Fact]
    public async Task Another_tenants_generation_or_upload_is_answered_as_one_that_does_not_exist()
    {
        (await AnswerAsync("GET", $"/v1/generations/{_generation}", "a")).Status.ShouldBe(HttpStatusCode.OK);
        (await AnswerAsync("GET", $"/v1/init-image/{_upload}", "a")).Status.ShouldNotBe(HttpStatusCode.NotFound);
        foreach (var (method, path, id, headers) in Attempts())
        {
            var theirs = await AnswerAsync(method, path.Replace("{id}", id, StringComparison.Ordinal), "b", headers);
            var nobodys = await AnswerAsync(
                method,
                path.Replace("{id}", Guid.NewGuid().ToString(), StringComparison.Ordinal),
                "b",
                headers
            );
            theirs.Status.ShouldBe(HttpStatusCode.NotFound, $"{method} {path}: {theirs.Text}");
            theirs.ShouldBe(nobodys, $"{method} {path}");
        }
        (await AnswerAsync("GET", "/v1/generations", "b")).Text.ShouldNotContain(_generation);
        // Nothing was changed: the owner still has it.
        (await AnswerAsync("GET", $"/v1/generations/{_generation}", "a")).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Another_tenants_image_cannot_be_a_reference()
    {
        var before = _gateway.Leonardo.Received.Count(request => request.Path.EndsWith("/v2/generations", StringComparison.Ordinal));
        foreach (
            var (id, type) in new[]
            {
                (_generation, "GENERATED"),
                (_upload, "UPLOADED"),
                (_upload, "GENERATED"),
                (Guid.NewGuid().ToString(), "UPLOADED"),
            }
        )
        {
            var body =
                $$$$"""{"model":"flux-pro-2.0","parameters":{"prompt":"x","guidances":{"image_reference":[{"image":{"id":"{{{{id}}}}","type":"{{{{type}}}}"}}]}}}""";
            var problem = await (await _gateway.PostAsync(body, headers: ("X-Tenant-Id", "b"))).ProblemAsync(400, "validation");
            problem.Codes().ShouldBe(["#/parameters/guidances/image_reference/0/image/id unknown-reference"]);
        }
        _gateway.Leonardo.Received.Count(request => request.Path.EndsWith("/v2/generations", StringComparison.Ordinal)).ShouldBe(before);
    }

    private IEnumerable<(string Method, string Path, string Id, (string, string)[] Headers)> Attempts()
    {
        var upper = _generation.ToUpperInvariant();
        yield return ("GET", "/v1/generations/{id}", _generation, []);
        yield return ("GET", "/v1/generations/{id}", upper, []);
        yield return ("GET", "/v1/generations/{id}", _generation, [("Accept", "text/event-stream")]);
        yield return ("GET", "/v1/generations/{id}", _generation, [("Prefer", "wait=1")]);
        yield return ("GET", "/api/rest/v1/generations/{id}", _generation, []);
        yield return ("GET", "/v1/generations/{id}/images/" + Guid.NewGuid(), _generation, []);
        yield return ("DELETE", "/v1/generations/{id}", _generation, []);
        yield return ("DELETE", "/v1/generations/{id}", upper, []);
        yield return ("GET", "/v1/init-image/{id}", _upload, []);
        yield return ("DELETE", "/v1/init-image/{id}", _upload, []);
        yield return ("GET", "/v1/generations/{id}", _upload, []);
        yield return ("GET", "/v1/init-image/{id}", _generation, []);
    }

    /// <summary>With the same request id and trace, so that answers can be compared byte by byte.</summary>
    private async Task<(HttpStatusCode Status, string Text)> AnswerAsync(
        string method,
        string path,
        string tenant,
        params (string, string)[] headers
    )
    {
        using var answer = await _gateway.SendAsync(
            new HttpMethod(method),
            path,
            null,
            [
                ("X-Tenant-Id", tenant),
                ("X-Request-Id", "same"),
                ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
                .. headers,
            ]
        );
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }
}
