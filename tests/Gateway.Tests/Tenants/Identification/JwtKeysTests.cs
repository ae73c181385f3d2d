using System.Globalization;
using System.Security.Cryptography;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Tenants.Identification;

/// <summary>How often the issuer's keys are fetched, and which are used while it is unreachable.</summary>
public sealed class JwtKeysTests
{
    [Fact]
    public async Task Rotated_keys_are_fetched_when_a_token_names_an_unknown_one()
    {
        await using var gate = await OidcGate.Start();
        (await gate.Ask(gate.Issuer.Token())).Outcome.ShouldBe("a by jwt");
        var old = gate.Issuer.Token();
        using var key = RSA.Create(2048);
        gate.Issuer.Keys = [OidcIssuer.Jwk(key, "rsa-2")];
        string Rotated() =>
            OidcIssuer.Token(
                gate.Issuer.Claims(),
                gate.Issuer.Header(kid: "rsa-2"),
                data => key.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            );

        (await gate.Ask(Rotated())).Outcome.ShouldBe("401");
        gate.Clock.Advance(TimeSpan.FromSeconds(61));
        (await gate.Ask(Rotated())).Outcome.ShouldBe("a by jwt");
        (await gate.Ask(old)).Outcome.ShouldBe("401");
    }

    [Fact]
    public async Task Tokens_that_name_unknown_keys_cause_one_fetch_a_minute()
    {
        await using var gate = await OidcGate.Start();
        (await gate.Ask(gate.Issuer.Token())).Outcome.ShouldBe("a by jwt");
        gate.Issuer.KeyFetches.ShouldBe(1);

        for (var minute = 1; minute <= 3; minute++)
        {
            gate.Clock.Advance(TimeSpan.FromSeconds(61));
            var forged = Enumerable
                .Range(0, 10)
                .Select(n =>
                    gate.Ask(gate.Issuer.Token(gate.Issuer.Claims(), gate.Issuer.Header(kid: n.ToString(CultureInfo.InvariantCulture))))
                );
            (await Task.WhenAll(forged)).ShouldAllBe(reply => reply.Status == 401);
            gate.Issuer.KeyFetches.ShouldBe(1 + minute);
        }
    }

    [Fact]
    public async Task Many_tokens_at_once_share_the_first_fetch()
    {
        await using var gate = await OidcGate.Start();
        var replies = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => gate.Ask(gate.Issuer.Token())));

        replies.ShouldAllBe(reply => reply.Outcome == "a by jwt");
        gate.Issuer.KeyFetches.ShouldBe(1);
    }

    [Fact]
    public async Task While_the_issuer_is_unreachable_JWTs_are_refused_without_falling_back_to_the_network()
    {
        await using var gate = await OidcGate.Start();
        await gate.Issuer.Stop();

        var refused = await gate.Ask(gate.Issuer.Token());

        refused.Outcome.ShouldBe("401");
        refused.Body.ShouldContain("identity provider does not answer");
        refused.Body.ShouldNotContain("127.0.0.1");
        (await gate.Host.Ask()).Outcome.ShouldBe("net by network");

        await gate.Issuer.Start();
        (await gate.Ask(gate.Issuer.Token())).Outcome.ShouldBe("401", "it asks again after ten seconds, not for every request");
        gate.Clock.Advance(TimeSpan.FromSeconds(11));
        (await gate.Ask(gate.Issuer.Token())).Outcome.ShouldBe("a by jwt");
    }

    [Fact]
    public async Task Fetched_keys_are_used_for_a_day_without_the_issuer()
    {
        await using var gate = await OidcGate.Start();
        (await gate.Ask(gate.Issuer.Token())).Outcome.ShouldBe("a by jwt");
        await gate.Issuer.Stop();

        gate.Clock.Advance(TimeSpan.FromHours(23));
        (await gate.Ask(gate.Issuer.Token())).Outcome.ShouldBe("a by jwt");
        gate.Clock.Advance(TimeSpan.FromHours(2));
        (await gate.Ask(gate.Issuer.Token())).Outcome.ShouldBe("401");
    }

    [Fact]
    public async Task While_one_request_renews_the_keys_others_use_the_current_ones()
    {
        await using var gate = await OidcGate.Start();
        (await gate.Ask(gate.Issuer.Token())).Outcome.ShouldBe("a by jwt");
        gate.Clock.Advance(TimeSpan.FromMinutes(61));
        var token = gate.Issuer.Token();
        gate.Issuer.Hold = new TaskCompletionSource();

        var renewing = gate.Ask(token);
        await Eventually.HoldsAsync(() => gate.Issuer.Discoveries == 2);
        (await gate.Ask(token)).Outcome.ShouldBe("a by jwt");
        renewing.IsCompleted.ShouldBeFalse();

        gate.Issuer.Hold.SetResult();
        (await renewing).Outcome.ShouldBe("a by jwt");
    }

    [Fact]
    public async Task A_withdrawn_key_is_refused_within_an_hour()
    {
        await using var gate = await OidcGate.Start();
        (await gate.Ask(gate.Issuer.Token())).Outcome.ShouldBe("a by jwt");
        gate.Issuer.Keys = [OidcIssuer.Jwk(gate.Issuer.Ec, "ec-1")];

        gate.Clock.Advance(TimeSpan.FromMinutes(61));

        (await gate.Ask(gate.Issuer.Token())).Outcome.ShouldBe("401");
    }
}
