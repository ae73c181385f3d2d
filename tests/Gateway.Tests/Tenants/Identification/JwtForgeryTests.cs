using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Tenants.Identification;

/// <summary>
/// Valid and forged tokens: each is identified as a tenant, or refused for its own reason.
/// </summary>
public sealed class JwtForgeryTests(OidcGate gate) : IClassFixture<OidcGate>
{
    private static Dictionary<string, (Func<OidcIssuer, string> Token, string Outcome)> Tokens { get; } =
        new(StringComparer.Ordinal)
        {
            ["RS256"] = (i => i.Token(), "a by jwt"),
            ["PS256"] = (
                i =>
                    OidcIssuer.Token(
                        i.Claims(),
                        i.Header("PS256"),
                        data => i.Rsa.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pss)
                    ),
                "a by jwt"
            ),
            ["ES256"] = (
                i => OidcIssuer.Token(i.Claims(), i.Header("ES256"), data => i.Ec.SignData(data, HashAlgorithmName.SHA256)),
                "a by jwt"
            ),
            ["a list of groups"] = (i => i.Token(i.Claims(new[] { "staff", "img-b" })), "b by jwt"),
            ["two claims of one tenant"] = (i => i.Token(With(i.Claims(), "https://claims.example/team", "a")), "a by jwt"),
            ["one audience of several"] = (i => i.Token(With(i.Claims(), "aud", new[] { "other", OidcIssuer.Audience })), "a by jwt"),
            ["expired within the skew"] = (i => i.Token(Shift(i.Claims(), "exp", -320)), "a by jwt"),
            ["claims of two tenants"] = (i => i.Token(i.Claims(new[] { "img-a", "img-b" })), "belong to several tenants: a, b."),
            ["a nested claim"] = (i => i.Token(With(None(i), "realm_access", new { roles = new[] { "staff", "img-c" } })), "c by jwt"),
            ["a nested claim below a name with dots"] = (
                i => i.Token(With(None(i), "https://claims.example/org", new { team = new { name = "c" } })),
                "c by jwt"
            ),
            ["a claim whose name is the whole path"] = (i => i.Token(With(None(i), "realm_access.roles", "img-c")), "c by jwt"),
            ["a nested claim in a list"] = (
                i => i.Token(With(None(i), "realm_access", new[] { new { roles = "img-c" } })),
                "no tenant is known by its claims"
            ),
            ["one word of scp"] = (i => i.Token(With(None(i), "scp", "openid images.make profile")), "c by jwt"),
            ["part of a word of scp"] = (i => i.Token(With(None(i), "scp", "openid images.make2")), "no tenant is known by its claims"),
            ["a number"] = (i => i.Token(With(None(i), "cost_centre", 4711)), "c by jwt"),
            ["a list of numbers"] = (i => i.Token(With(None(i), "cost_centre", new[] { 1, 4711 })), "c by jwt"),
            ["another number"] = (i => i.Token(With(None(i), "cost_centre", 47110)), "no tenant is known by its claims"),
            ["another accepted audience"] = (i => i.Token(With(i.Claims(), "aud", "another-service")), "a by jwt"),
            ["groups left out"] = (
                i => i.Token(With(None(i), "_claim_names", new { groups = "src1" })),
                "left some claims (_claim_names) out because there are too many (groups overage)"
            ),
            ["groups left out of an implicit flow"] = (i => i.Token(With(None(i), "hasgroups", true)), "left the groups (hasgroups) out"),
            ["groups left out, and another claim of a tenant"] = (
                i => i.Token(With(With(None(i), "hasgroups", true), "cost_centre", 4711)),
                "c by jwt"
            ),
            ["claims of no tenant"] = (i => i.Token(i.Claims("staff")), "no tenant is known by its claims"),
            ["a claim in another case"] = (i => i.Token(i.Claims("IMG-A")), "no tenant is known by its claims"),
            ["a claim that is an object"] = (i => i.Token(i.Claims(new { name = "img-a" })), "no tenant is known by its claims"),
            ["a claim in a list in a list"] = (i => i.Token(i.Claims(new[] { new[] { "img-a" } })), "no tenant is known by its claims"),
            ["a claim that holds half a character"] = (
                i =>
                    OidcIssuer.Token(
                        JsonSerializer.Serialize(i.Claims()).Replace("\"img-a\"", "[\"\\ud800\",\"img-a\"]", StringComparison.Ordinal),
                        i.Header(),
                        data => i.Rsa.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
                    ),
                "a by jwt"
            ),
            ["alg none"] = (i => OidcIssuer.Token(i.Claims(), i.Header("none"), _ => []), "signature is not valid"),
            ["alg None, signed"] = (i => i.Token(i.Claims(), i.Header("None")), "signature is not valid"),
            ["HS256 with the public key in PEM"] = (
                i => Hmac(i, Encoding.ASCII.GetBytes(i.Rsa.ExportSubjectPublicKeyInfoPem())),
                "signature is not valid"
            ),
            ["HS256 with the public key in DER"] = (i => Hmac(i, i.Rsa.ExportSubjectPublicKeyInfo()), "signature is not valid"),
            ["HS256 with the modulus"] = (i => Hmac(i, i.Rsa.ExportParameters(false).Modulus!), "signature is not valid"),
            ["HS256 with a secret that the issuer publishes"] = (
                i => OidcIssuer.Token(i.Claims(), i.Header("HS256", "shared-1"), data => HMACSHA256.HashData(i.Shared, data)),
                "key that its issuer does not publish"
            ),
            ["HS256 with an empty key"] = (i => Hmac(i, []), "signature is not valid"),
            ["RS256 said of an EC signature"] = (
                i => OidcIssuer.Token(i.Claims(), i.Header("RS256", "ec-1"), data => i.Ec.SignData(data, HashAlgorithmName.SHA256)),
                "signature is not valid"
            ),
            ["another audience"] = (i => i.Token(With(i.Claims(), "aud", "other")), "another audience"),
            ["no audience"] = (i => i.Token(Without(i.Claims(), "aud")), "another audience"),
            ["another issuer"] = (i => i.Token(With(i.Claims(), "iss", "https://evil.example")), "another issuer"),
            ["the issuer with a slash"] = (i => i.Token(With(i.Claims(), "iss", i.Address.AbsoluteUri)), "another issuer"),
            ["no issuer"] = (i => i.Token(Without(i.Claims(), "iss")), "another issuer"),
            ["expired"] = (i => i.Token(Shift(i.Claims(), "exp", -400)), "has expired"),
            ["expired beyond the skew"] = (i => i.Token(Shift(i.Claims(), "exp", -331)), "has expired"),
            ["without expiry"] = (i => i.Token(Without(i.Claims(), "exp")), "has expired"),
            ["expiry as text"] = (i => i.Token(With(i.Claims(), "exp", "never")), "not a valid JWT"),
            ["not yet valid"] = (i => i.Token(Shift(i.Claims(), "nbf", 31)), "not valid yet"),
            ["an unknown kid"] = (i => i.Token(i.Claims(), i.Header(kid: "rsa-9")), "key that its issuer does not publish"),
            ["a kid that is a path"] = (i => i.Token(i.Claims(), i.Header(kid: "../../dev/null")), "key that its issuer does not publish"),
            ["a kid that is SQL"] = (i => i.Token(i.Claims(), i.Header(kid: "' OR 1=1 --")), "key that its issuer does not publish"),
            ["no kid, and one key that fits"] = (i => i.Token(i.Claims(), Without(i.Header(), "kid")), "a by jwt"),
            ["no kid, and one EC key that fits"] = (
                i => OidcIssuer.Token(i.Claims(), Without(i.Header("ES256"), "kid"), data => i.Ec.SignData(data, HashAlgorithmName.SHA256)),
                "a by jwt"
            ),
            ["no kid, and another's signature"] = (i => Foreign(i, Without(i.Header(), "kid")), "key that its issuer does not publish"),
            ["no kid, HS256 with a secret that the issuer publishes"] = (
                i => OidcIssuer.Token(i.Claims(), Without(i.Header("HS256"), "kid"), data => HMACSHA256.HashData(i.Shared, data)),
                "key that its issuer does not publish"
            ),
            ["no kid, alg none"] = (i => OidcIssuer.Token(i.Claims(), Without(i.Header("none"), "kid"), _ => []), "signature is not valid"),
            ["another's signature"] = (i => Foreign(i, i.Header()), "signature is not valid"),
            ["another's key in the header"] = (
                i => Foreign(i, With(i.Header(), "jwk", OidcIssuer.Jwk(i.Rsa, "rsa-1"))),
                "signature is not valid"
            ),
            ["another's key by address"] = (
                i => Foreign(i, With(With(i.Header(), "jku", i.Address + "trap"), "x5u", i.Address + "trap")),
                "signature is not valid"
            ),
            ["a changed claim"] = (i => Tampered(i.Token(), i.Token(i.Claims("img-b"))), "signature is not valid"),
            ["no signature"] = (i => i.Token()[..(i.Token().LastIndexOf('.') + 1)], "signature is not valid"),
            ["a critical extension"] = (i => i.Token(i.Claims(), With(i.Header(), "crit", new[] { "exp" })), "crit"),
            ["13 KB"] = (i => i.Token(i.Claims(new string('x', 10_000))), "too long"),
            ["five parts"] = (i => i.Token() + ".e30.e30", "The bearer token is unknown"),
            ["no JSON"] = (_ => "a.b.c", "not a valid JWT"),
            ["only dots"] = (_ => "..", "not a valid JWT"),
            ["an array"] = (_ => "W10.W10.W10", "not a valid JWT"),
        };

    public static TheoryData<string> Names => [.. Tokens.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_JWT_is_identified_as(string name)
    {
        var (token, outcome) = Tokens[name];

        using var response = await gate.AskAsync(token(gate.Issuer));

        if (response.StatusCode == HttpStatusCode.Unauthorized)
        {
            (await response.ProblemAsync(401, "unidentified"))["detail"]!.GetValue<string>().ShouldContain(outcome);
            response.Headers.WwwAuthenticate.ToString().ShouldContain("error=\"invalid_token\"");
        }
        else
        {
            (await response.OutcomeAsync()).ShouldBe(outcome);
        }
        gate.Issuer.Strays.ShouldBe(0);
    }

    private static string Hmac(OidcIssuer issuer, byte[] key) =>
        OidcIssuer.Token(issuer.Claims(), issuer.Header("HS256"), data => HMACSHA256.HashData(key, data));

    private static string Foreign(OidcIssuer issuer, Dictionary<string, object> header)
    {
        using var key = RSA.Create(2048);
        return OidcIssuer.Token(issuer.Claims(), header, data => key.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
    }

    private static string Tampered(string token, string other) => $"{token.Split('.')[0]}.{other.Split('.')[1]}.{token.Split('.')[2]}";

    /// <summary>Claims of no tenant.</summary>
    private static Dictionary<string, object> None(OidcIssuer issuer) => issuer.Claims("staff");

    private static Dictionary<string, object> With(Dictionary<string, object> members, string name, object value) =>
        new(members, StringComparer.Ordinal) { [name] = value };

    private static Dictionary<string, object> Without(Dictionary<string, object> members, string name) =>
        new(members.Where(member => !string.Equals(member.Key, name, StringComparison.Ordinal)), StringComparer.Ordinal);

    private static Dictionary<string, object> Shift(Dictionary<string, object> members, string name, long seconds) =>
        With(members, name, (long)members[name] + seconds);
}
