namespace Gateway.Tests.Tenants;

/// <summary>A tenants file that must be refused.</summary>
/// <param name="Faults">Exactly the violations that must be reported, as <c>pointer code</c>.</param>
/// <param name="SchemaSees">Whether the JSON schema refuses it too. A schema cannot compare two places, calculate, or
/// see how a number is spelled. Null: validators differ.</param>
public sealed record BadTenantsFile(string Name, string Json, string[] Faults, bool? SchemaSees = true)
{
    public override string ToString() => Name;
}

internal static class BadTenantsFiles
{
    private const string D1 = "sha256:1111111111111111111111111111111111111111111111111111111111111111";

    public static IReadOnlyList<BadTenantsFile> All { get; } =
    [
        // Not strict JSON, which a schema cannot see.
        Unreadable("empty", ""),
        Unreadable("not JSON", "tenants: []"),
        Unreadable("a comment", """{ "tenants": [ /* none yet */ { "id": "a" } ] }"""),
        Unreadable("a trailing comma", """{ "tenants": [ { "id": "a" }, ] }"""),
        Unreadable("two documents", """{ "tenants": [ { "id": "a" } ] } {}"""),
        Unreadable("cut off", """{ "tenants": [ { "id": "a" }"""),
        Unreadable("a byte order mark", "\uFEFF" + """{ "tenants": [ { "id": "a" } ] }"""),
        new("half a character", """{ "tenants": [ { "id": "a", "name": "\ud800" } ] }""", ["#/tenants/0/name invalid-unicode"], null),
        new(
            "half a character in a member's name",
            """{ "tenants": [ { "id": "a", "\udc00": 1 } ] }""",
            ["#/tenants/0 invalid-unicode"],
            null
        ),
        Unreadable("too deep", new string('[', 20) + new string(']', 20)),
        // The outer structure.
        new("an array", """[ { "id": "a" } ]""", ["# wrong-type"]),
        new("null", "null", ["# wrong-type"]),
        new("no tenants", "{}", ["# required"]),
        new("an empty list of tenants", """{ "tenants": [] }""", ["#/tenants empty"]),
        new("tenants by name", """{ "tenants": { "a": {} } }""", ["#/tenants wrong-type"]),
        new("an unknown member", """{ "tenants": [ { "id": "a" } ], "tenant": [] }""", ["#/tenant unknown-member"]),
        new("a member in another case", """{ "Tenants": [ { "id": "a" } ] }""", ["#/Tenants unknown-member", "# required"]),
        new("members that need escaping", """{ "tenants": [ { "id": "a", "x/y~z\n": 1 } ] }""", ["#/tenants/0/x~1y~0z%0A unknown-member"]),
        new("a member twice", """{ "tenants": [ { "id": "a" } ], "tenants": [ { "id": "b" } ] }""", ["#/tenants duplicate-member"], false),
        new(
            "a member twice, once escaped",
            """{ "tenants": [ { "id": "a", "\u0069d": "b" } ] }""",
            ["#/tenants/0/id duplicate-member"],
            false
        ),
        new("a schema that is no string", """{ "$schema": 7, "tenants": [ { "id": "a" } ] }""", ["#/%24schema wrong-type"]),
        // id and name.
        new("no id", """{ "tenants": [ { "name": "A" } ] }""", ["#/tenants/0 required"]),
        new("a tenant that is no object", """{ "tenants": [ "a" ] }""", ["#/tenants/0 wrong-type"]),
        new("an id in capitals", One("""  "id": "Marketing" """), ["#/tenants/0/id pattern"]),
        new("an empty id", One("""  "id": "" """), ["#/tenants/0/id pattern"]),
        new("an id that ends its line", One("""  "id": "a\n" """), ["#/tenants/0/id pattern"], null),
        new("an id in other digits", One("""  "id": "\u0661" """), ["#/tenants/0/id pattern"]),
        new("an id of 65", One($""" "id": "{new string('a', 65)}" """), ["#/tenants/0/id pattern"]),
        new("an id that is a number", One("""  "id": 7 """), ["#/tenants/0/id wrong-type"]),
        new("an id twice", """{ "tenants": [ { "id": "a" }, { "id": "b" }, { "id": "a" } ] }""", ["#/tenants/2/id duplicate-id"], false),
        new("an empty name", One(""" "id": "a", "name": "" """), ["#/tenants/0/name pattern"]),
        new("a blank name", One(""" "id": "a", "name": "  " """), ["#/tenants/0/name pattern"]),
        new("a name of two lines", One(""" "id": "a", "name": "A\nB" """), ["#/tenants/0/name pattern"]),
        // Quotas.
        new("a negative limit", Quota(""" "imagesPerDay": -1 """), ["#/tenants/0/quota/imagesPerDay out-of-range"]),
        new("a limit beyond sense", Quota(""" "imagesPerMonth": 1000000001 """), ["#/tenants/0/quota/imagesPerMonth out-of-range"]),
        new(
            "a limit beyond 64 bits",
            Quota(""" "imagesPerMonth": 18446744073709551617 """),
            ["#/tenants/0/quota/imagesPerMonth out-of-range"],
            null
        ),
        new("a limit as a string", Quota(""" "requestsPerMinute": "60" """), ["#/tenants/0/quota/requestsPerMinute wrong-type"]),
        new("a limit of null", Quota(""" "requestsPerMinute": null """), ["#/tenants/0/quota/requestsPerMinute wrong-type"]),
        new("a limit with a fraction", Quota(""" "concurrentGenerations": 1.5 """), ["#/tenants/0/quota/concurrentGenerations wrong-type"]),
        new(
            "a limit with an exponent",
            Quota(""" "concurrentGenerations": 1e1 """),
            ["#/tenants/0/quota/concurrentGenerations wrong-type"],
            null
        ),
        new("a negative bound on streams", Quota(""" "concurrentStreams": -1 """), ["#/tenants/0/quota/concurrentStreams out-of-range"]),
        new("a bound on streams as text", Quota(""" "concurrentStreams": "64" """), ["#/tenants/0/quota/concurrentStreams wrong-type"]),
        new("an unknown limit", Quota(""" "imagesPerWeek": 5 """), ["#/tenants/0/quota/imagesPerWeek unknown-member"]),
        new("negative dollars", Quota(""" "usdPerMonth": -0.01 """), ["#/tenants/0/quota/usdPerMonth out-of-range"]),
        new("dollars beyond sense", Quota(""" "usdPerMonth": 1000000000.01 """), ["#/tenants/0/quota/usdPerMonth out-of-range"]),
        new("dollars in seven decimals", Quota(""" "usdPerMonth": 0.0000001 """), ["#/tenants/0/quota/usdPerMonth out-of-range"], false),
        new(
            "dollars in more decimals than a decimal has",
            Quota($""" "usdPerMonth": 0.{new string('0', 60)}1 """),
            ["#/tenants/0/quota/usdPerMonth out-of-range"],
            false
        ),
        new("dollars as a string", Quota(""" "usdPerMonth": "250" """), ["#/tenants/0/quota/usdPerMonth wrong-type"]),
        new("dollars with an exponent", Quota(""" "usdPerMonth": 2.5e2 """), ["#/tenants/0/quota/usdPerMonth wrong-type"], false),
        new(
            "a limit the organisation has not",
            """{ "organization": { "quota": { "requestsPerMinute": 5 } }, "tenants": [ { "id": "a" } ] }""",
            ["#/organization/quota/requestsPerMinute unknown-member"]
        ),
        new(
            "an organisation with an id",
            """{ "organization": { "id": "o" }, "tenants": [ { "id": "a" } ] }""",
            ["#/organization/id unknown-member"]
        ),
        // Policy.
        new("a model that there is not", Policy(""" "models": ["flux-pro-3.0"] """), ["#/tenants/0/policy/models/0 unknown-model"], false),
        new("a model twice", Policy(""" "models": ["flux-pro-2.0", "flux-pro-2.0"] """), ["#/tenants/0/policy/models/1 listed-twice"]),
        new("models as a string", Policy(""" "models": "flux-pro-2.0" """), ["#/tenants/0/policy/models wrong-type"]),
        new("a flag as a string", Policy(""" "allowPublic": "false" """), ["#/tenants/0/policy/allowPublic wrong-type"]),
        new("no images at all", Policy(""" "maxQuantity": 0 """), ["#/tenants/0/policy/maxQuantity out-of-range"]),
        new("no pixels at all", Policy(""" "maxPixels": 0 """), ["#/tenants/0/policy/maxPixels out-of-range"]),
        new("references of everybody", Policy(""" "references": "all" """), ["#/tenants/0/policy/references pattern"]),
        // Identities.
        new("an unknown way", Identify(""" "apiKeys": [] """), ["#/tenants/0/identify/apiKeys unknown-member"]),
        new("networks as a string", Identify(""" "networks": "10.0.0.0/8" """), ["#/tenants/0/identify/networks wrong-type"]),
        Network("no network", "here"),
        Network("an address without a prefix", "10.0.0.1"),
        Network("a prefix too long", "10.0.0.0/33"),
        Network("a negative prefix", "10.0.0.0/-1"),
        Network("a prefix with a leading zero", "10.0.0.0/08"),
        Network("a netmask", "10.0.0.0/255.0.0.0"),
        Network("a shortened address", "10.1/16"),
        Network("an address with leading zeros", "010.0.0.0/8"),
        Network("an address in hexadecimal", "0x0a000000/8"),
        Network("white space", " 10.0.0.0/8"),
        Network("a zone", "fe80::%eth0/64"),
        Network("brackets", "[2001:db8::]/32"),
        Network("an IPv6 prefix too long", "2001:db8::/129"),
        Network("host bits", "10.20.1.0/16", schemaSees: false),
        Network("IPv6 host bits", "2001:db8::1/32", schemaSees: false),
        Network("a mapped address", "::ffff:10.0.0.0/104", schemaSees: false),
        new(
            "a network twice",
            Identify(""" "networks": ["10.0.0.0/8", "10.0.0.0/8"] """),
            ["#/tenants/0/identify/networks/1 claimed-twice"]
        ),
        new(
            "a network in two spellings",
            Identify(""" "networks": ["2001:db8::/32", "2001:0DB8:0::/32"] """),
            ["#/tenants/0/identify/networks/1 claimed-twice"],
            false
        ),
        new("a network of two tenants", Two(""" "networks": ["10.0.0.0/8"] """), ["#/tenants/1/identify/networks/0 claimed-twice"], false),
        new("a header by name", Identify(""" "header": "X-Team" """), ["#/tenants/0/identify/header wrong-type"]),
        new("a token in clear", Identify(""" "tokens": ["lgw_not-a-digest"] """), ["#/tenants/0/identify/tokens/0 digest"]),
        new("a digest cut short", Identify($""" "tokens": ["{D1[..^1]}"] """), ["#/tenants/0/identify/tokens/0 digest"]),
        new("a digest that is not hex", Identify($""" "tokens": ["{D1[..^1]}g"] """), ["#/tenants/0/identify/tokens/0 digest"]),
        new(
            "a digest of another kind",
            Identify($""" "tokens": ["{D1.Replace("256", "512", StringComparison.Ordinal)}"] """),
            ["#/tenants/0/identify/tokens/0 digest"]
        ),
        new("a token of two tenants", Two($""" "tokens": ["{D1}"] """), ["#/tenants/1/identify/tokens/0 claimed-twice"], false),
        new(
            "a digest in two cases",
            Identify($""" "tokens": ["sha256:{new string('a', 64)}", "sha256:{new string('A', 64)}"] """),
            ["#/tenants/0/identify/tokens/1 claimed-twice"],
            false
        ),
        new("a thumbprint with colons", Identify(""" "certificates": ["sha256:11:11"] """), ["#/tenants/0/identify/certificates/0 digest"]),
        new(
            "a certificate of two tenants",
            Two($""" "certificates": ["{D1}"] """),
            ["#/tenants/1/identify/certificates/0 claimed-twice"],
            false
        ),
        new("a claim without a value", Identify(""" "jwt": [ { "claim": "groups" } ] """), ["#/tenants/0/identify/jwt/0 required"]),
        new(
            "a claim with an empty value",
            Identify(""" "jwt": [ { "claim": "groups", "value": "" } ] """),
            ["#/tenants/0/identify/jwt/0/value pattern"]
        ),
        new(
            "a claim that is a number",
            Identify(""" "jwt": [ { "claim": "level", "value": 5 } ] """),
            ["#/tenants/0/identify/jwt/0/value wrong-type"]
        ),
        new(
            "a claim of two tenants",
            Two(""" "jwt": [ { "claim": "groups", "value": "x" } ] """),
            ["#/tenants/1/identify/jwt/0 claimed-twice"],
            false
        ),
        // Several violations at once.
        new(
            "five faults",
            """
            {
              "organization": { "quota": { "imagesPerDay": -5 } },
              "tenants": [
                { "id": "A", "identify": { "networks": ["10.0.0.0/40"], "tokens": ["x"] } },
                { "id": "b", "policy": { "maxQuantity": "4" } }
              ]
            }
            """,
            [
                "#/organization/quota/imagesPerDay out-of-range",
                "#/tenants/0/id pattern",
                "#/tenants/0/identify/networks/0 network",
                "#/tenants/0/identify/tokens/0 digest",
                "#/tenants/1/policy/maxQuantity wrong-type",
            ]
        ),
    ];

    private static BadTenantsFile Unreadable(string name, string json) => new(name, json, ["# malformed"], SchemaSees: false);

    private static BadTenantsFile Network(string name, string network, bool schemaSees = true) =>
        new(name, Identify($""" "networks": ["{network}"] """), ["#/tenants/0/identify/networks/0 network"], schemaSees);

    private static string One(string members) => $$"""{ "tenants": [ { {{members}} } ] }""";

    private static string Quota(string members) => One($$""" "id": "a", "quota": { {{members}} } """);

    private static string Policy(string members) => One($$""" "id": "a", "policy": { {{members}} } """);

    private static string Identify(string members) => One($$""" "id": "a", "identify": { {{members}} } """);

    private static string Two(string members) =>
        $$"""{ "tenants": [ { "id": "a", "identify": { {{members}} } }, { "id": "b", "identify": { {{members}} } } ] }""";
}
