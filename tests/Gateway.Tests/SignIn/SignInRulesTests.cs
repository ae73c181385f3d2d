using Gateway.Admin;
using Gateway.Edge;
using Gateway.SignIn;
using Microsoft.Extensions.Configuration;

namespace Gateway.Tests.SignIn;

/// <summary>What is decided before anybody signs in: where the browser goes afterwards, and the settings.</summary>
public sealed class SignInRulesTests
{
    [Theory]
    [InlineData("/", "/")]
    [InlineData("/?page=2&x=%2F%2Fy", "/?page=2&x=%2F%2Fy")]
    [InlineData("/docs/api.md#sessions", "/docs/api.md#sessions")]
    [InlineData("")]
    [InlineData("docs")]
    [InlineData("//evil.example")]
    [InlineData("///evil.example")]
    [InlineData("/\\evil.example")]
    [InlineData("\\\\evil.example")]
    [InlineData("/\t/evil.example")]
    [InlineData("/\r\nLocation: https://evil.example")]
    [InlineData("/ /evil.example")]
    [InlineData(" /")]
    [InlineData("\u0000/")]
    [InlineData("/%2f/evil.example")]
    [InlineData("/%2F%2Fevil.example")]
    [InlineData("/%5cevil.example")]
    [InlineData("/%252f%252fevil.example")]
    [InlineData("%2f%2fevil.example")]
    [InlineData("/x//evil.example")]
    [InlineData("/.//evil.example")]
    [InlineData("/x/..//evil.example")]
    [InlineData("/%2e%2e/evil")]
    [InlineData("https://evil.example")]
    [InlineData("https:evil.example")]
    [InlineData("http:///evil.example")]
    [InlineData("javascript:alert(1)")]
    [InlineData("data:text/html,x")]
    [InlineData("~/")]
    [InlineData("@evil.example")]
    [InlineData("/\u2044\u2044evil.example")]
    [InlineData("/signin")]
    [InlineData("/signin/?returnUrl=/")]
    [InlineData("/signin-oidc")]
    public void Only_a_path_of_the_gateway_is_returned_to(string returnUrl, string? path = null)
    {
        ReturnPath.Parse(returnUrl, "").ShouldBe(path);
        ReturnPath.Parse(returnUrl, "/leonardo").ShouldBe(path is null ? null : "/leonardo" + path);
        if (path is not null)
            ReturnPath.Parse("/leonardo" + returnUrl, "/leonardo").ShouldBe("/leonardo" + path);
    }

    [Fact]
    public void Settings_that_cannot_work_are_errors()
    {
        Errors([]).ShouldBeEmpty();
        Errors([("SignIn:ClientId", "x")]).ShouldHaveSingleItem().ShouldStartWith("SignIn:ClientId: needs Identification:Oidc:Authority");
        Errors([("SignIn:ClientSecretFile", "/nowhere/secret")]).Count.ShouldBe(2);
        Errors([("SignIn:Scopes", "profile groups")]).ShouldHaveSingleItem().ShouldStartWith("SignIn:Scopes: must contain openid");
        Errors([("SignIn:OperatorClaim", "roles")]).ShouldHaveSingleItem().ShouldStartWith("SignIn:OperatorValue: is required");
        Errors([("SignIn:OperatorValue", "x")]).ShouldHaveSingleItem().ShouldStartWith("SignIn:OperatorClaim: is required");
        Errors([("SignIn:OperatorValue", "x"), ("SignIn:OperatorClaim", "roles")]).ShouldHaveSingleItem().ShouldContain("Authority");
    }

    private static IReadOnlyList<string> Errors((string Name, string Value)[] values)
    {
        var settings = new Settings(
            new ConfigurationBuilder()
                .AddInMemoryCollection(values.Select(one => KeyValuePair.Create(one.Name, (string?)one.Value)))
                .Build()
        );
        SignInOptions.Read(settings, "/");
        AdminOptions.Read(settings, "/");
        return settings.Errors;
    }
}
