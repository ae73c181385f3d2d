using System.Collections.Frozen;
using System.Net;
using System.Text;
using CsCheck;
using Gateway.Cli;
using Gateway.Edge.Addresses;
using Gateway.Tenants;
using Gateway.Tenants.Identification;
using Gateway.Tenants.Identification.Jwt;

namespace Gateway.Tests.Tenants;

public sealed class TenantsFileTests
{
    private static readonly string[] Models = ["flux-pro-2.0"];

    public static TheoryData<BadTenantsFile> Bad => [.. BadTenantsFiles.All.Select(file => new TheoryDataRow<BadTenantsFile>(file))];

    [Theory]
    [MemberData(nameof(Bad), DisableDiscoveryEnumeration = true)]
    public void A_bad_file_is_refused_and_every_violation_is_reported(BadTenantsFile file)
    {
        var (snapshot, violations) = TenantsFile.Read(Encoding.UTF8.GetBytes(file.Json), Models);

        snapshot.ShouldBeNull();
        violations.Select(fault => $"{fault.Pointer} {fault.Code}").ShouldBe(file.Faults, ignoreOrder: true);
        violations.ShouldAllBe(fault => fault.Detail.Length > 10);
    }

    [Fact]
    public void A_file_that_is_not_UTF_8_is_refused()
    {
        var (snapshot, violations) = TenantsFile.Read(
            Encoding.Latin1.GetBytes(
                """{ "tenants": [ { "id": "a", "name": "Caf\u00e9" } ] }""".Replace("\\u00e9", "\u00e9", StringComparison.Ordinal)
            )
        );

        snapshot.ShouldBeNull();
        violations.ShouldHaveSingleItem().Detail.ShouldContain("UTF-8");
    }

    [Fact]
    public void A_token_that_stands_in_the_place_of_its_digest_is_not_repeated_in_the_error()
    {
        var (_, violations) = TenantsFile.Read(
            """{ "tenants": [ { "id": "a", "identify": { "tokens": ["lgw_secret"] } } ] }"""u8.ToArray()
        );

        violations.ShouldHaveSingleItem().ToString().ShouldNotContain("secret");
    }

    [Fact]
    public void The_documented_example_is_read_completely()
    {
        var snapshot = Read(
            $$"""
            {
              "$schema": "./tenants.schema.json",
              "organization": { "quota": { "imagesPerDay": 5000, "imagesPerMonth": 50000, "usdPerMonth": 500 } },
              "tenants": [
                {
                  "id": "marketing",
                  "name": "Marketing",
                  "identify": {
                    "networks": ["10.20.0.0/16"],
                    "header": true,
                    "tokens": ["{{NewTokenCommand.DigestOf("lgw_example")}}"],
                    "jwt": [{ "claim": "groups", "value": "img-marketing" }],
                    "certificates": ["sha256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]
                  },
                  "quota": { "requestsPerMinute": 60, "imagesPerDay": 500, "imagesPerMonth": 5000, "usdPerMonth": 250, "concurrentGenerations": 4 },
                  "policy": { "models": ["flux-pro-2.0"], "allowPublic": true, "maxQuantity": 4, "maxPixels": 2073600, "references": "any" }
                }
              ]
            }
            """
        );

        snapshot.Organization.ShouldBe(new QuotaLimits(ImagesPerDay: 5000, ImagesPerMonth: 50000, MicrosPerMonth: 500_000_000));
        var marketing = snapshot.Tenants["marketing"];
        marketing.Name.ShouldBe("Marketing");
        marketing.Quota.ShouldBe(new QuotaLimits(60, 4, 500, 5000, 250_000_000));
        marketing.Policy.Models.ShouldBe(Models);
        (marketing.Policy with { Models = null }).ShouldBe(new TenantPolicy(null, true, 4, 2_073_600, true));
        NetworkIdentification.FindNetwork(snapshot, IPAddress.Parse("10.20.255.255")).ShouldBe(new Caller(marketing, "network"));
        TokenIdentification.FindToken(snapshot, "lgw_example").ShouldBe(new Caller(marketing, "token"));
        Index<HeaderIdentification, string>(snapshot)["marketing"].ShouldBe(new Caller(marketing, "header"));
        ((FrozenDictionary<string, FrozenDictionary<string, Caller>>)snapshot.IndexOf(typeof(JwtIdentification)))["groups"]
            ["img-marketing"]
            .ShouldBe(new Caller(marketing, "jwt"));
        Index<CertificateIdentification, string>(snapshot)[new string('a', 64)].ShouldBe(new Caller(marketing, "certificate"));
    }

    [Theory]
    [InlineData("{}", 30L, 600L, 64L)]
    [InlineData("""{ "uploadsPerMinute": null, "readsPerMinute": null, "concurrentStreams": null }""", null, null, null)]
    [InlineData("""{ "uploadsPerMinute": 1, "readsPerMinute": 2, "concurrentStreams": 3 }""", 1L, 2L, 3L)]
    public void Bounds_of_uploads_reads_and_streams_have_defaults_that_null_lifts(string quota, long? uploads, long? reads, long? streams)
    {
        var limits = Read($$"""{ "tenants": [ { "id": "a", "quota": {{quota}} } ] }""").Tenants["a"].Quota;

        (limits.UploadsPerMinute, limits.ReadsPerMinute, limits.ConcurrentStreams).ShouldBe((uploads, reads, streams));
    }

    [Fact]
    public void Quotas_that_are_left_out_are_unlimited_and_policies_default_to_the_strictest()
    {
        var snapshot = Read("""{ "tenants": [ { "id": "a" } ] }""");

        snapshot.Organization.ShouldBe(QuotaLimits.Unlimited);
        snapshot.Tenants["a"].ShouldBe(new Tenant("a", "a", QuotaLimits.Unlimited, TenantPolicy.Default));
        Index<HeaderIdentification, string>(snapshot).ShouldBeEmpty();
    }

    [Fact]
    public void A_randomly_damaged_file_is_read_or_refused_and_never_throws()
    {
        var good = Encoding.UTF8.GetBytes(
            """{"organization":{"quota":{"usdPerMonth":1.5}},"tenants":[{"id":"a","name":"A","identify":{"networks":["10.0.0.0/8","2001:db8::/32"],"jwt":[{"claim":"g","value":"\u00e9"}]},"quota":{"imagesPerDay":5},"policy":{"models":["flux-pro-2.0"],"references":"own"}}]}"""
        );
        Gen.Select(Gen.Int[0, good.Length - 1], Gen.Int[0, 3], Gen.Byte, Gen.Int[0, good.Length - 1])
            .Array[1, 4]
            .Sample(
                changes =>
                {
                    var file = good.ToList();
                    foreach (var (at, length, value, from) in changes)
                    {
                        var place = Math.Min(at, file.Count - 1);
                        file.RemoveRange(place, Math.Min(length, file.Count - place - 1));
                        file.Insert(place, value < 128 ? good[from] : value);
                    }
                    var (snapshot, violations) = TenantsFile.Read(file.ToArray(), Models);
                    return snapshot is null == violations.Count > 0;
                },
                iter: 20_000
            );
    }

    [Theory]
    [InlineData("0", 0)]
    [InlineData("0.000001", 1)]
    [InlineData("0.1", 100_000)]
    [InlineData("0.29", 290_000)]
    [InlineData("4.35", 4_350_000)]
    [InlineData("1.000000000", 1_000_000)]
    [InlineData("123456789.123456", 123_456_789_123_456)]
    [InlineData("1000000000", 1_000_000_000_000_000)]
    public void Dollars_become_micro_dollars_exactly(string dollars, long micros) =>
        Read($$"""{ "tenants": [ { "id": "a", "quota": { "usdPerMonth": {{dollars}} } } ] }""")
            .Tenants["a"]
            .Quota.MicrosPerMonth.ShouldBe(micros);

    [Fact]
    public void Every_amount_of_micro_dollars_is_read_back_from_its_decimal_form() =>
        Gen.Long[0, 1_000_000_000_000_000]
            .Sample(micros =>
                Read($$"""{ "tenants": [ { "id": "a", "quota": { "usdPerMonth": {{micros / 1_000_000}}.{{micros % 1_000_000:D6}} } } ] }""")
                    .Tenants["a"]
                    .Quota.MicrosPerMonth == micros
            );

    [Fact]
    public void The_longest_prefix_decides_in_any_order()
    {
        var snapshot = Read(
            """
            { "tenants": [
              { "id": "all", "identify": { "networks": ["0.0.0.0/0", "::/0"] } },
              { "id": "host", "identify": { "networks": ["10.1.2.3/32", "2001:db8::3/128"] } },
              { "id": "net", "identify": { "networks": ["10.1.2.0/24", "2001:db8::/32"] } },
              { "id": "wide", "identify": { "networks": ["10.0.0.0/8"] } }
            ] }
            """
        );

        Find("10.1.2.3").ShouldBe("host");
        Find("10.1.2.4").ShouldBe("net");
        Find("10.1.3.3").ShouldBe("wide");
        Find("11.1.2.3").ShouldBe("all");
        Find("::ffff:10.1.2.3").ShouldBe("host");
        Find("2001:db8::3").ShouldBe("host");
        Find("2001:db8::4").ShouldBe("net");
        Find("2001:db9::3").ShouldBe("all");
        Find("2001:db8::3%7").ShouldBe("host");

        string? Find(string address) => NetworkIdentification.FindNetwork(snapshot, IPAddress.Parse(address))?.Tenant.Id;
    }

    [Fact]
    public void The_network_table_agrees_with_a_linear_search() =>
        Gen.Select(Gen.UInt.Array[1, 20], Gen.Int[0, 32].Array[20], Gen.UInt)
            .Sample(
                (addresses, prefixes, wanted) =>
                {
                    var networks = addresses
                        .Select((bits, i) => Cidr(bits, prefixes[i]))
                        .Append(Cidr(wanted, prefixes[0]))
                        .Distinct(StringComparer.Ordinal)
                        .Select(Parsed)
                        .ToList();
                    var table = new NetworkTable<string>(networks.Select(network => KeyValuePair.Create(network, network.ToString())));
                    var address = Address(wanted);

                    var expected = networks.Where(network => network.Contains(address)).MaxBy(network => network.Prefix).ToString();
                    return string.Equals(table.Find(address), expected, StringComparison.Ordinal);
                }
            );

    private static FrozenDictionary<TClaim, Caller> Index<TMethod, TClaim>(TenantSnapshot snapshot)
        where TClaim : notnull => (FrozenDictionary<TClaim, Caller>)snapshot.IndexOf(typeof(TMethod));

    private static IPAddress Address(uint bits) => new([(byte)(bits >> 24), (byte)(bits >> 16), (byte)(bits >> 8), (byte)bits]);

    private static string Cidr(uint bits, int prefix) => $"{Address(prefix == 0 ? 0 : bits >> (32 - prefix) << (32 - prefix))}/{prefix}";

    private static Network Parsed(string cidr)
    {
        Network.TryParse(cidr, out var network, out var fault).ShouldBeTrue(fault);
        network.ToString().ShouldBe(cidr);
        return network;
    }

    private static TenantSnapshot Read(string json)
    {
        var (snapshot, violations) = TenantsFile.Read(Encoding.UTF8.GetBytes(json), Models);
        violations.ShouldBeEmpty();
        return snapshot.ShouldNotBeNull();
    }
}
