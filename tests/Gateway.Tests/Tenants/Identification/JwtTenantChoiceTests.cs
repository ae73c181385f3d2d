using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;

namespace Gateway.Tests.Tenants.Identification;

/// <summary>A person in two teams names one of them in X-Tenant-Id; the token says which it may be.</summary>
public sealed class JwtTenantChoiceTests(OidcGate gate) : IClassFixture<OidcGate>
{
    private static readonly string[] Both = ["img-b", "img-a"];

    [Theory]
    [InlineData("img-a img-b", "a by jwt", "X-Tenant-Id: a")]
    [InlineData("img-a img-b", "b by jwt", "X-Tenant-Id: b")]
    [InlineData("img-a img-b", "b by jwt", "x-tenant-id: b")]
    [InlineData("img-a", "a by jwt", "X-Tenant-Id: a")]
    [InlineData("img-a img-b", "401")]
    [InlineData("img-a img-b", "401", "X-Tenant-Id: c")]
    [InlineData("img-a img-b", "401", "X-Tenant-Id: net")]
    [InlineData("img-a img-b", "401", "X-Tenant-Id: B")]
    [InlineData("img-a img-b", "401", "X-Tenant-Id: a, b")]
    [InlineData("img-a img-b", "401", "X-Tenant-Id:")]
    [InlineData("img-a img-b", "401", "X-Tenant-Id: a", "X-Tenant-Id: a")]
    [InlineData("img-a img-b", "401", "X_Tenant_Id: a")]
    [InlineData("img-a", "401", "X-Tenant-Id: b")]
    [InlineData("staff", "401", "X-Tenant-Id: a")]
    public async Task A_token_with_these_groups_and_headers_is_identified_as(string groups, string outcome, params string[] headers)
    {
        var token = gate.Issuer.Token(gate.Issuer.Claims(groups.Split(' ')));

        using var response = await gate.Gateway.AskAsync("127.0.0.1", [$"Authorization: Bearer {token}", .. headers]);

        (await response.OutcomeAsync()).ShouldBe(outcome, await response.TextAsync());
        if (outcome == "401")
            await response.ShouldAskForATokenAsync();
    }

    [Fact]
    public async Task The_header_alone_chooses_nothing()
    {
        (await gate.Gateway.OutcomeAsync("127.0.0.1", "X-Tenant-Id: a")).ShouldBe("401");
        var forged = gate.Issuer.Token(gate.Issuer.Claims(Both))[..^4] + "AAAA";
        (await gate.Gateway.OutcomeAsync("127.0.0.1", $"Authorization: Bearer {forged}", "X-Tenant-Id: a")).ShouldBe("401");
    }

    [Fact]
    public async Task Without_the_header_the_refusal_lists_the_teams()
    {
        using var refused = await gate.AskAsync(gate.Issuer.Token(gate.Issuer.Claims(Both)));

        (await refused.ProblemAsync(401, "unidentified"))["detail"]!
            .GetValue<string>()
            .ShouldBe(
                "The token's claims belong to several tenants: a, b. Name one of them in X-Tenant-Id, or ask the operator to change identify.jwt in the tenants file."
            );
    }
}
