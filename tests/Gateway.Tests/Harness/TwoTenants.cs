using System.Net;
using System.Text.Json.Nodes;
using Leonardo.Simulator;

namespace Gateway.Tests.Harness;

/// <summary>
/// A gateway with two tenants that are identified by tokens, and the steps that tests of results share.
/// </summary>
internal static class TwoTenants
{
    public static readonly (string, string) AsA = ("authorization", "Bearer a");
    public static readonly (string, string) AsB = ("authorization", "Bearer b");

    /// <summary>The smallest files that are recognized as their format.</summary>
    public static readonly byte[] Png = [.. new byte[] { 0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A }, .. new byte[100]];
    public static readonly byte[] Jpeg = [0xFF, 0xD8, 0xFF, 0xE0, .. new byte[100]];
    public static readonly byte[] WebP = [.. "RIFF"u8, 0, 0, 0, 0, .. "WEBP"u8, .. new byte[100]];
    public static readonly byte[] Gif = [.. "GIF89a"u8, .. new byte[100]];

    public static string Tenants { get; } =
        GatewayApp.Tenants(
            // SHA-256 of "a", of "b".
            """{ "id": "a", "identify": { "tokens": ["sha256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"] } }""",
            """{ "id": "b", "identify": { "tokens": ["sha256:3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d"] } }"""
        );

    /// <summary>The same tenants with these quotas, as JSON.</summary>
    public static string WithQuotas(string a, string b)
    {
        var tenants = JsonNode.Parse(Tenants)!;
        tenants["tenants"]![0]!["quota"] = JsonNode.Parse(a);
        tenants["tenants"]![1]!["quota"] = JsonNode.Parse(b);
        return tenants.ToJsonString();
    }

    public static Task<GatewayApp> StartAsync(SimulatorOptions? simulator = null, params (string Name, string Value)[] settings) =>
        GatewayApp.StartAsync(
            Tenants,
            simulator: simulator ?? new SimulatorOptions { CreationsPerMinute = 0, JobSeconds = 1 },
            settings: settings
        );

    /// <summary>Starts a generation without waiting for its end.</summary>
    public static async Task<string> BeginAsync(this GatewayApp gateway, (string, string) tenant, string prompt = "A cat")
    {
        var response = await gateway.PostAsync(
            $$"""{"model":"flux-pro-2.0","parameters":{"prompt":"{{prompt}}","width":256,"height":256} }""",
            headers: tenant
        );
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        return (await response.JsonAsync())["generate"]!["generationId"]!.GetValue<string>();
    }

    /// <summary>Starts a generation and advances the clock until it has ended.</summary>
    /// <returns>Its <c>generations_by_pk</c>.</returns>
    public static async Task<JsonNode> MakeAsync(this GatewayApp gateway, (string, string) tenant, string prompt = "A cat")
    {
        var id = await gateway.BeginAsync(tenant, prompt);
        JsonNode? seen = null;
        await gateway.PassAsync(async () => (seen = await gateway.SeeAsync(id, tenant))["status"]!.GetValue<string>() != "PENDING");
        return seen!;
    }

    public static async Task<JsonNode> SeeAsync(this GatewayApp gateway, string id, (string, string) tenant)
    {
        var response = await gateway.GetAsync("/v1/generations/" + id, tenant);
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        return (await response.JsonAsync())["generations_by_pk"]!;
    }

    /// <summary>The slots that the tenant uses.</summary>
    public static async Task<int> ConcurrentAsync(this GatewayApp gateway, params (string, string)[] tenant)
    {
        var usage = await (await gateway.GetAsync("/v1/usage", tenant)).JsonAsync();
        return usage["quotas"]!.AsArray().Single(quota => quota!["name"]!.GetValue<string>() == "concurrent-generations")![
            "used"
        ]!.GetValue<int>();
    }

    public static string ImageId(this JsonNode generation, int index = 0) =>
        generation["generated_images"]![index]!["id"]!.GetValue<string>();

    /// <summary>The whole upload in one call.</summary>
    public static async Task<string> UploadAsync(this GatewayApp gateway, (string, string) tenant)
    {
        var response = await gateway.SendAsync(HttpMethod.Post, "/v1/init-image", Form(Png, "cat.png"), tenant);
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        return (await response.JsonAsync())["uploadInitImage"]!["id"]!.GetValue<string>();
    }

    public static MultipartFormDataContent Form(byte[] file, string name, params (string Name, string Value)[] fields)
    {
        var form = new MultipartFormDataContent();
        foreach (var (field, value) in fields)
            form.Add(new StringContent(value), field);
        form.Add(new ByteArrayContent(file), "file", name);
        return form;
    }

    /// <summary>
    /// Advances the clock by a quarter of a second until the condition holds, slowly enough for timers in between to
    /// run.
    /// </summary>
    /// <param name="pace">Real milliseconds for each step; more where a step has much work to do.</param>
    public static Task PassAsync(this GatewayApp gateway, Func<Task<bool>> until, int pace = 5) =>
        Eventually.HoldsAsync(async () =>
        {
            if (await until())
                return true;
            gateway.Time.Advance(TimeSpan.FromMilliseconds(250));
            await Task.Delay(pace);
            return false;
        });

    public static Task PassAsync(this GatewayApp gateway, Func<bool> until, int pace = 5) =>
        gateway.PassAsync(() => Task.FromResult(until()), pace);
}
