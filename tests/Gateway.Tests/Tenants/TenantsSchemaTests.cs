using System.Text;
using Gateway.Tenants;
using Gateway.Tenants.Identification;
using NJsonSchema;

namespace Gateway.Tests.Tenants;

/// <summary>
/// deploy/tenants.schema.json, by which editors complete the tenants file, agrees with the gateway where a schema can.
/// </summary>
public sealed class TenantsSchemaTests
{
    private static readonly string Deploy = Path.Combine(RepositoryRoot(), "deploy");

    public static TheoryData<BadTenantsFile> Bad =>
        [
            .. BadTenantsFiles
                .All.Where(file => file is { SchemaSees: not null, Faults: not ["# malformed"] })
                .Select(file => new TheoryDataRow<BadTenantsFile>(file)),
        ];

    [Theory]
    [MemberData(nameof(Bad), DisableDiscoveryEnumeration = true)]
    public async Task The_schema_refuses_a_bad_file_where_a_schema_can(BadTenantsFile file)
    {
        var schema = await Schema();

        (schema.Validate(file.Json).Count > 0).ShouldBe(file.SchemaSees!.Value);
    }

    [Theory]
    [InlineData("""{ "tenants": [ { "id": "a" } ] }""")]
    [InlineData(
        """{ "$schema": "https://example.com/s.json", "organization": {}, "tenants": [ { "id": "0-9", "identify": {}, "quota": {}, "policy": {} } ] }"""
    )]
    [InlineData(
        """{ "organization": { "quota": {} }, "tenants": [ { "id": "a", "name": "Ünïcode \ud83d\ude00", "quota": { "usdPerMonth": 0.000001 } } ] }"""
    )]
    [InlineData(
        """{ "tenants": [ { "id": "a", "quota": { "requestsPerMinute": 0, "imagesPerDay": 1000000000, "usdPerMonth": 1000000000 } } ] }"""
    )]
    [InlineData(
        """{ "tenants": [ { "id": "a", "quota": { "concurrentStreams": null } }, { "id": "b", "quota": { "concurrentStreams": 0 } } ] }"""
    )]
    [InlineData(
        """{ "tenants": [ { "id": "a", "policy": { "models": [], "maxQuantity": 1, "maxPixels": 1, "references": "any", "allowPublic": true } } ] }"""
    )]
    [InlineData(
        """{ "tenants": [ { "id": "a", "identify": { "networks": ["0.0.0.0/0", "::/0", "::1/128", "2001:db8::/32", "64:ff9b::/96", "255.255.255.255/32"] } } ] }"""
    )]
    [InlineData(
        """{ "tenants": [ { "id": "a", "identify": { "networks": [], "header": false, "tokens": [], "jwt": [], "certificates": [] } } ] }"""
    )]
    public async Task The_schema_and_the_gateway_accept_a_good_file(string json)
    {
        TenantsFile.Read(Encoding.UTF8.GetBytes(json)).Violations.ShouldBeEmpty();
        (await Schema()).Validate(json).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("tenants.example.json", 3)]
    [InlineData("tenants.compose.json", 1)]
    public async Task The_schema_and_the_gateway_accept_the_examples_in_deploy(string file, int tenants)
    {
        var json = await File.ReadAllTextAsync(Path.Combine(Deploy, file), TestContext.Current.CancellationToken);

        var (snapshot, violations) = TenantsFile.Read(Encoding.UTF8.GetBytes(json), ["flux-pro-2.0"]);
        violations.ShouldBeEmpty();
        snapshot!.Tenants.Count.ShouldBe(tenants);
        (await Schema()).Validate(json).ShouldBeEmpty();
    }

    [Fact]
    public async Task The_schema_describes_exactly_the_members_that_the_ways_of_identification_read() =>
        (await Schema())
            .Definitions["identify"]
            .Properties.Keys.ShouldBe(IdentificationMethods.All.Select(method => method.Member).OfType<string>(), ignoreOrder: true);

    private static Task<JsonSchema> Schema() =>
        JsonSchema.FromFileAsync(Path.Combine(Deploy, "tenants.schema.json"), TestContext.Current.CancellationToken);

    private static string RepositoryRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Gateway.sln")))
            folder = folder.Parent ?? throw new InvalidOperationException("Not inside the repository");
        return folder.FullName;
    }
}
