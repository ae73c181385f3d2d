using System.Text.Json.Nodes;
using Gateway.Tests.Harness;
using Gateway.Tests.Tenants;

namespace Gateway.Tests.Docs;

public sealed class RequestsFileTests
{
    private const string Token = "a-token-of-forty-characters-for-operators";

    private const string Tenants = """
        { "tenants": [ { "id": "default", "identify": { "networks": ["127.0.0.0/8"] }, "quota": { "imagesPerMonth": 1000 } } ] }
        """;

    [Fact]
    public async Task Every_request_of_requests_http_is_answered_without_a_refusal()
    {
        using var folder = new TemporaryFolder();
        var cancellationToken = TestContext.Current.CancellationToken;
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "tenants.json"), Tenants, cancellationToken);
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "admin-tokens"), Token, cancellationToken);
        await using var gateway = await GatewayProcess.StartAsync(
            folder.Path,
            ("Leonardo__Simulator", "true"),
            ("Admin__TokenFile", Path.Combine(folder.Path, "admin-tokens"))
        );
        var file = new HttpFile(Repository.Path("requests.http"));
        file.Variables["gateway"] = gateway.Address.AbsoluteUri.TrimEnd('/');
        file.Variables["admin"] = Token;

        file.Requests.Count.ShouldBeGreaterThan(20);
        foreach (var request in file.Requests)
        {
            using var message = file.Create(request);
            using var response = await gateway.Client.SendAsync(message, cancellationToken);
            var body = await response.Content.ReadAsStringAsync(cancellationToken);
            response.IsSuccessStatusCode.ShouldBeTrue($"{request.Title}: {(int)response.StatusCode} {body}");
            if (request.Name != "created")
                continue;
            var generation = JsonNode.Parse(body)!["generations_by_pk"]!;
            file.Variables["generation"] = generation["id"]!.GetValue<string>();
            file.Variables["image"] = generation["generated_images"]![0]!["id"]!.GetValue<string>();
        }
    }

    /// <summary>It also fails if the collection is not the one of the committed document.</summary>
    [Fact]
    public async Task Every_request_of_the_Postman_collection_is_answered_without_a_refusal()
    {
        using var folder = new TemporaryFolder();
        await using var gateway = await GatewayProcess.StartAsync(folder.Path, ("ASPNETCORE_ENVIRONMENT", "Development"));
        await NodeScript.RunAsync("generators", "postman.mjs", gateway.Address.AbsoluteUri.TrimEnd('/'));
    }

    [Fact]
    public void It_shows_every_route_of_a_tenant_at_the_address_of_a_fresh_clone()
    {
        var file = new HttpFile(Repository.Path("requests.http"));

        file.Variables["gateway"].ShouldBe("http://localhost:8080");
        var shown = file.Requests.Select(request => $"{request.Method} {request.Address.Split('?')[0]}").ToHashSet(StringComparer.Ordinal);
        foreach (
            var route in (string[])
                [
                    "POST {{gateway}}/v2/generations",
                    "POST {{gateway}}/v2/generations/quote",
                    "GET {{gateway}}/v2/models",
                    "POST {{gateway}}/v1/uploads",
                    "GET {{gateway}}/v1/generations",
                    "GET {{gateway}}/v1/generations/{{generation}}",
                    "GET {{gateway}}/v1/generations/{{generation}}/images/{{image}}",
                    "DELETE {{gateway}}/v1/generations/{{generation}}",
                    "POST {{gateway}}/v1/init-image",
                    "GET {{gateway}}/v1/usage",
                ]
        )
            shown.ShouldContain(route);
    }
}
