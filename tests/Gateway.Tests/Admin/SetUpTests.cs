using System.Text.Json;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Admin;

/// <summary>The tenants file in force, what another one would change, and who a caller would be.</summary>
public sealed class SetUpTests
{
    [Fact]
    public async Task A_refused_file_is_shown_beside_the_one_in_force_without_whole_digests()
    {
        await using var admin = await AdminGateway.StartAsync();
        (await admin.JsonAsync("/admin/tenants-file"))["onDisk"].ShouldBeNull();
        await File.WriteAllTextAsync(
            admin.Gateway.TenantsFile,
            AdminGateway.TwoTenants.Replace("imagesPerDay", "imagesPerDya", StringComparison.Ordinal),
            TestContext.Current.CancellationToken
        );

        await admin.Gateway.PassAsync(async () => (await admin.JsonAsync("/admin/tenants-file"))["errors"]!.AsArray().Count > 0);

        var file = await admin.JsonAsync("/admin/tenants-file");
        file["errors"]!.AsArray().ShouldHaveSingleItem()!.GetValue<string>().ShouldStartWith("#/tenants/0/quota/imagesPerDya");
        file["onDisk"]!.GetValue<string>().ShouldContain("imagesPerDya");
        file["text"]!.GetValue<string>().ShouldContain("imagesPerDay");
        file["text"]!.GetValue<string>().ShouldContain("sha256:3e23e816…");
        file.ToJsonString().ShouldNotContain("3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d");
    }

    [Fact]
    public async Task Another_file_is_refused_or_its_changes_are_listed_and_nothing_is_changed()
    {
        await using var admin = await AdminGateway.StartAsync();

        (await CheckAsync("{ \"tenants\": [] }"))["errors"]!.AsArray().ShouldHaveSingleItem();
        var changes = (
            await CheckAsync(
                """
                { "organization": { "quota": { "usdPerMonth": 10 } }, "tenants": [
                  { "id": "a", "name": "Team A", "identify": { "networks": ["127.0.0.0/8"] },
                    "quota": { "imagesPerDay": 8 }, "policy": { "maxQuantity": 4, "allowPublic": true } },
                  { "id": "c" } ] }
                """
            )
        )["changes"]!;

        changes
            .AsArray()
            .Select(change => change!.GetValue<string>())
            .ShouldBe([
                "The organisation: usdPerMonth no limit → 10.0000",
                "a: imagesPerDay 4 → 8",
                "a: usdPerMonth 0.5000 → no limit",
                "a: allowPublic False → True",
                "c: is added",
                "b: is removed; its requests are refused, and what it has spent is kept",
            ]);
        (await admin.JsonAsync("/admin/tenants"))["tenants"]!.AsArray().Count.ShouldBe(2);

        async Task<System.Text.Json.Nodes.JsonNode> CheckAsync(string file) =>
            await (await admin.PostAsync("/admin/tenants-file/check", $$"""{ "file": {{JsonSerializer.Serialize(file)}} }""")).JsonAsync();
    }

    [Fact]
    public async Task A_caller_is_identified_as_its_request_would_be()
    {
        await using var admin = await AdminGateway.StartAsync();

        (await AskAsync("""{ "address": "127.0.0.9" }"""))["tenant"]!["id"]!.GetValue<string>().ShouldBe("a");
        var byToken = await AskAsync("""{ "address": "203.0.113.7", "headers": { "Authorization": "Bearer b" } }""");
        byToken["tenant"]!["id"]!.GetValue<string>().ShouldBe("b");
        byToken["tenant"]!["identifiedBy"]!.GetValue<string>().ShouldBe("token");
        var nobody = await AskAsync("""{ "address": "203.0.113.7" }""");
        nobody["tenant"].ShouldBeNull();
        nobody["refusal"]!["problem"]!.GetValue<string>().ShouldBe("unidentified");
        await admin.PostAsync("/admin/tenants/a/suspend", "");
        var suspended = await AskAsync("""{ "address": "127.0.0.9" }""");
        suspended["tenant"]!["id"]!.GetValue<string>().ShouldBe("a");
        suspended["refusal"]!["problem"]!.GetValue<string>().ShouldBe("suspended");
        await (await admin.PostAsync("/admin/caller", """{ "address": "nowhere", "headers": { "A b": "" } }""")).ProblemAsync(
            400,
            "validation"
        );

        async Task<System.Text.Json.Nodes.JsonNode> AskAsync(string body) =>
            await (await admin.PostAsync("/admin/caller", body)).JsonAsync();
    }
}
