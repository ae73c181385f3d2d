using System.Text.Json.Nodes;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Admin;

/// <summary>A gateway with an operator's token.</summary>
internal sealed class AdminGateway : IAsyncDisposable
{
    public const string Token = "a-token-of-forty-characters-for-operators";

    /// <summary>Of one who may send as many requests as the other one.</summary>
    public const string OtherToken = "another-token-of-forty-characters-for-one";

    public const string TwoTenants = """
        { "tenants": [
          { "id": "a", "name": "Team A", "identify": { "networks": ["127.0.0.0/8"] },
            "quota": { "imagesPerDay": 4, "usdPerMonth": 0.5 }, "policy": { "maxQuantity": 4 } },
          { "id": "b", "identify": { "tokens": ["sha256:3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d"] } } ] }
        """;

    private AdminGateway(GatewayApp gateway, TemporaryFolder folder) => (Gateway, Folder) = (gateway, folder);

    public GatewayApp Gateway { get; }

    public TemporaryFolder Folder { get; }

    public string TokenFile => Folder["admin-tokens"];

    public static async Task<AdminGateway> StartAsync(params (string Name, string Value)[] settings)
    {
        var folder = new TemporaryFolder();
        var file = folder["admin-tokens"];
        await File.WriteAllTextAsync(file, $"# who may\nolga {Token}\nole {OtherToken}\n", TestContext.Current.CancellationToken);
        // Its callers make equal requests that are meant to be different ones.
        (string, string)[] own = [("Admin:TokenFile", file), ("Quotas:RepeatWindow", "00:00:00")];
        return new AdminGateway(await GatewayApp.StartAsync(TwoTenants, settings: [.. own, .. settings]), folder);
    }

    /// <returns>The cookie of an operator's session.</returns>
    public async Task<(string, string)> SignInAsync()
    {
        var answer = await PostAsync("/admin/session", "");
        answer.EnsureSuccessStatusCode();
        return ("Cookie", answer.Headers.GetValues("Set-Cookie").First().Split(';')[0]);
    }

    public Task<HttpResponseMessage> GetAsync(string path, params (string Name, string Value)[] headers) =>
        Gateway.GetAsync(path, [("Authorization", "Bearer " + Token), .. headers]);

    public async Task<JsonNode> JsonAsync(string path)
    {
        var answer = await GetAsync(path);
        answer.EnsureSuccessStatusCode();
        return await answer.JsonAsync();
    }

    public Task<HttpResponseMessage> PostAsync(string path, string json) =>
        Gateway.PostAsync(json, path, ("Authorization", "Bearer " + Token));

    public Task<HttpResponseMessage> GenerateAsync(string tenant = "a", int quantity = 1) =>
        Gateway.PostAsync(
            $$"""{"model":"flux-pro-2.0","parameters":{"prompt":"A cat wearing a hat","quantity":{{quantity}} } }""",
            headers: tenant == "b" ? [("Authorization", "Bearer b")] : []
        );

    /// <returns>The id of a reservation whose outcome is unknown.</returns>
    public async Task<string> UnknownAsync(string tenant = "a")
    {
        Gateway.Leonardo.ScriptNext("error-500");
        var problem = await (await GenerateAsync(tenant)).ProblemAsync(502, "outcome-unknown");
        return problem["reservationId"]!.GetValue<string>();
    }

    public async ValueTask DisposeAsync()
    {
        await Gateway.DisposeAsync();
        Folder.Dispose();
    }
}
