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

    /// <summary>Digits in capitals, as an escape of JSON, and one too few.</summary>
    [Theory]
    [InlineData("sha256:3E23E8160039594A33894F6564E1B1348BBD7A0088D42C4ACB73EEAED59C009D")]
    [InlineData("sha256:\\u0033e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d")]
    [InlineData("sha256:3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009")]
    public async Task However_a_digest_is_written_only_its_beginning_is_shown(string digest)
    {
        await using var admin = await AdminGateway.StartAsync();
        await File.WriteAllTextAsync(
            admin.Gateway.TenantsFile,
            AdminGateway
                .TwoTenants.Replace(
                    "sha256:3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d",
                    digest,
                    StringComparison.Ordinal
                )
                .Replace("Team A", "Team One", StringComparison.Ordinal),
            TestContext.Current.CancellationToken
        );
        var file = "";

        await admin.Gateway.PassAsync(async () =>
            (file = $"{await admin.JsonAsync("/admin/tenants-file")}").Contains("Team One", StringComparison.Ordinal)
        );

        file.ShouldNotContain(digest[^40..]);
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
    public async Task Asking_about_an_address_uses_nothing_of_it()
    {
        await using var admin = await AdminGateway.StartAsync(("Limits:AnonymousRequestsPerSecond", "1"));

        for (var n = 0; n < 5; n++)
        {
            var answer = await (await admin.PostAsync("/admin/caller", """{ "address": "203.0.113.7" }""")).JsonAsync();
            answer["refusal"]!["problem"]!.GetValue<string>().ShouldBe("unidentified");
        }
    }

    [Fact]
    public async Task A_file_longer_than_a_request_may_be_is_checked()
    {
        await using var admin = await AdminGateway.StartAsync();
        var file = GatewayApp.Tenants([
            .. Enumerable.Range(0, 4000).Select(n => $$"""{ "id": "team-{{n}}", "name": "Team {{n}} of many" }"""),
        ]);
        file.Length.ShouldBeGreaterThan(128 * 1024);

        var answer = await admin.PostAsync("/admin/tenants-file/check", $$"""{ "file": {{JsonSerializer.Serialize(file)}} }""");

        (await answer.JsonAsync())["changes"]!.AsArray().Count.ShouldBe(4002);
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
        // As on the wire: a name in another case is the same header once more.
        var twice = await AskAsync(
            "{ \"address\": \"203.0.113.7\", \"headers\": { \"Authorization\": \"Bearer b\", \"authorization\": \"Bearer b\" } }"
        );
        twice["tenant"].ShouldBeNull();
        foreach (
            var faulty in (string[])
                [
                    """{ "address": "nowhere", "headers": { "A b": "" } }""",
                    """{ "address": "127.0.0.1", "headers": { "X-A": null } }""",
                    """{ "address": "127.0.0.1", "headers": { "cookie": "gateway_session=x" } }""",
                ]
        )
            await (await admin.PostAsync("/admin/caller", faulty)).ProblemAsync(400, "validation");

        async Task<System.Text.Json.Nodes.JsonNode> AskAsync(string body) =>
            await (await admin.PostAsync("/admin/caller", body)).JsonAsync();
    }
}
