using System.Globalization;
using System.Security.Cryptography;
using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;

namespace Gateway.Tests.Tenants.Identification;

/// <summary>How often the issuer's keys are fetched, and which are used while it is unreachable.</summary>
public sealed class JwtKeysTests
{
    [Fact]
    public async Task Rotated_keys_are_fetched_when_a_token_names_an_unknown_one()
    {
        await using var gate = await OidcGate.StartAsync();
        (await gate.OutcomeAsync(gate.Issuer.Token())).ShouldBe("a by jwt");
        var old = gate.Issuer.Token();
        using var key = RSA.Create(2048);
        gate.Issuer.Keys = [OidcIssuer.Jwk(key, "rsa-2")];
        string Rotated() =>
            OidcIssuer.Token(
                gate.Issuer.Claims(),
                gate.Issuer.Header(kid: "rsa-2"),
                data => key.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            );

        (await gate.OutcomeAsync(Rotated())).ShouldBe("401");
        gate.Gateway.Time.Advance(TimeSpan.FromSeconds(61));
        (await gate.OutcomeAsync(Rotated())).ShouldBe("a by jwt");
        (await gate.OutcomeAsync(old)).ShouldBe("401");
    }

    [Fact]
    public async Task Tokens_that_name_unknown_keys_cause_one_fetch_a_minute()
    {
        await using var gate = await OidcGate.StartAsync();
        (await gate.OutcomeAsync(gate.Issuer.Token())).ShouldBe("a by jwt");
        gate.Issuer.KeyFetches.ShouldBe(1);

        for (var minute = 1; minute <= 3; minute++)
        {
            gate.Gateway.Time.Advance(TimeSpan.FromSeconds(61));
            var forged = Enumerable
                .Range(0, 10)
                .Select(n =>
                    gate.OutcomeAsync(
                        gate.Issuer.Token(gate.Issuer.Claims(), gate.Issuer.Header(kid: n.ToString(CultureInfo.InvariantCulture)))
                    )
                );
            (await Task.WhenAll(forged)).ShouldAllBe(outcome => outcome == "401");
            gate.Issuer.KeyFetches.ShouldBe(1 + minute);
        }
    }

    [Fact]
    public async Task Many_tokens_at_once_share_the_first_fetch()
    {
        await using var gate = await OidcGate.StartAsync();
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => gate.OutcomeAsync(gate.Issuer.Token())));

        outcomes.ShouldAllBe(outcome => outcome == "a by jwt");
        gate.Issuer.KeyFetches.ShouldBe(1);
    }

    [Fact]
    public async Task While_the_issuer_is_unreachable_JWTs_get_503_without_falling_back_to_the_network()
    {
        await using var gate = await OidcGate.StartAsync();
        await gate.Issuer.StopAsync();

        using var refused = await gate.AskAsync(gate.Issuer.Token());

        var detail = (await refused.ProblemAsync(503, "identity-unavailable"))["detail"]!.GetValue<string>();
        refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds.ShouldBe(10);
        detail.ShouldContain("identity provider does not answer");
        (await refused.TextAsync()).ShouldNotContain("127.0.0.1");
        (await gate.Gateway.OutcomeAsync("127.0.0.1")).ShouldBe("net by network");

        await gate.Issuer.StartAsync();
        (await gate.OutcomeAsync(gate.Issuer.Token())).ShouldBe("503", "it asks again after ten seconds, not for every request");
        gate.Gateway.Time.Advance(TimeSpan.FromSeconds(11));
        (await gate.OutcomeAsync(gate.Issuer.Token())).ShouldBe("a by jwt");
    }

    [Fact]
    public async Task Fetched_keys_are_used_for_a_day_without_the_issuer()
    {
        await using var gate = await OidcGate.StartAsync();
        (await gate.OutcomeAsync(gate.Issuer.Token())).ShouldBe("a by jwt");
        await gate.Issuer.StopAsync();

        gate.Gateway.Time.Advance(TimeSpan.FromHours(23));
        (await gate.OutcomeAsync(gate.Issuer.Token())).ShouldBe("a by jwt");
        gate.Gateway.Time.Advance(TimeSpan.FromHours(2));
        (await gate.OutcomeAsync(gate.Issuer.Token())).ShouldBe("503");
    }

    [Fact]
    public async Task A_token_of_a_new_key_gets_503_while_the_issuer_cannot_be_asked_for_it()
    {
        await using var gate = await OidcGate.StartAsync();
        (await gate.OutcomeAsync(gate.Issuer.Token())).ShouldBe("a by jwt");
        await gate.Issuer.StopAsync();
        gate.Gateway.Time.Advance(TimeSpan.FromSeconds(61));

        using var refused = await gate.AskAsync(gate.Issuer.Token(gate.Issuer.Claims(), gate.Issuer.Header(kid: "rsa-2")));

        await refused.ProblemAsync(503, "identity-unavailable");
        refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds.ShouldBe(60);
        (await gate.OutcomeAsync(gate.Issuer.Token())).ShouldBe("a by jwt");
    }

    [Fact]
    public async Task A_token_without_kid_is_refused_when_several_keys_fit()
    {
        await using var gate = await OidcGate.StartAsync();
        using var other = RSA.Create(2048);
        gate.Issuer.Keys = [OidcIssuer.Jwk(gate.Issuer.Rsa, "rsa-1"), OidcIssuer.Jwk(other, "rsa-2")];
        var header = gate.Issuer.Header();
        header.Remove("kid");

        using var refused = await gate.AskAsync(gate.Issuer.Token(gate.Issuer.Claims(), header));

        (await refused.ProblemAsync(401, "unidentified"))["detail"]!.GetValue<string>().ShouldContain("several of the issuer's keys fit");
    }

    [Fact]
    public async Task While_one_request_renews_the_keys_others_use_the_current_ones()
    {
        await using var gate = await OidcGate.StartAsync();
        (await gate.OutcomeAsync(gate.Issuer.Token())).ShouldBe("a by jwt");
        gate.Gateway.Time.Advance(TimeSpan.FromMinutes(61));
        var token = gate.Issuer.Token();
        gate.Issuer.Hold = new TaskCompletionSource();

        var renewing = gate.OutcomeAsync(token);
        await Eventually.HoldsAsync(() => gate.Issuer.Discoveries == 2);
        (await gate.OutcomeAsync(token)).ShouldBe("a by jwt");
        renewing.IsCompleted.ShouldBeFalse();

        gate.Issuer.Hold.SetResult();
        (await renewing).ShouldBe("a by jwt");
    }

    [Fact]
    public async Task A_withdrawn_key_is_refused_within_an_hour()
    {
        await using var gate = await OidcGate.StartAsync();
        (await gate.OutcomeAsync(gate.Issuer.Token())).ShouldBe("a by jwt");
        gate.Issuer.Keys = [OidcIssuer.Jwk(gate.Issuer.Ec, "ec-1")];

        gate.Gateway.Time.Advance(TimeSpan.FromMinutes(61));

        (await gate.OutcomeAsync(gate.Issuer.Token())).ShouldBe("401");
    }
}
