using System.Security.Cryptography;
using System.Text;
using Gateway.Ledger.Rules;
using Gateway.Leonardo.Replies;
using Gateway.Reconciliation;

namespace Gateway.Tests.Reconciliation;

/// <summary>What the upstream's list proves about an unknown reservation, and what it does not.</summary>
public sealed class EvidenceTests
{
    private static readonly DateTimeOffset Sent = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan AbsentAfter = TimeSpan.FromMinutes(2);

    [Fact]
    public void The_same_seed_size_and_prompt_near_the_sending_time_match() => Match(Row("a")).ShouldBe(new MatchResult.Found(Id("a")));

    [Theory]
    [InlineData(43L, 512, 0)]
    [InlineData(42L, 256, 0)]
    [InlineData(42L, 512, -6)]
    public void Another_seed_size_or_time_does_not_match(long seed, int width, int minutes) =>
        Match(Row("a") with { Seed = seed, Width = width, CreatedAt = Sent.AddMinutes(minutes) }).ShouldBeOfType<MatchResult.Absent>();

    [Theory]
    [InlineData("a cat ")]
    [InlineData("A CAT, rewritten")]
    [InlineData(null)]
    public void A_changed_prompt_proves_neither_presence_nor_absence(string? prompt) =>
        Match(Row("a") with { Prompt = prompt }).ShouldBeOfType<MatchResult.NotYet>();

    [Fact]
    public void An_enhanced_prompt_is_not_compared()
    {
        var enhanced = Open() with { Fingerprint = Open().Fingerprint with { PromptEnhanced = true } };
        new GenerationMatcher([Row("a") with { Prompt = "something else" }], true, [enhanced], new HashSet<uint>())
            .Match(enhanced, AbsentAfter)
            .ShouldBe(new MatchResult.Found(Id("a")));
    }

    [Fact]
    public void An_empty_list_proves_absence_only_when_it_is_complete_and_time_has_passed()
    {
        var reservation = Open();
        MatchResult Match(bool whole, TimeSpan since) =>
            new GenerationMatcher([], whole, [reservation], new HashSet<uint>()).Match(
                reservation with
                {
                    Now = reservation.FencedAt + since,
                },
                AbsentAfter
            );

        Match(whole: true, AbsentAfter).ShouldBeOfType<MatchResult.Absent>();
        Match(whole: true, AbsentAfter - TimeSpan.FromSeconds(1)).ShouldBeOfType<MatchResult.NotYet>();
        Match(whole: false, TimeSpan.FromDays(1)).ShouldBeOfType<MatchResult.NotYet>();
    }

    [Fact]
    public void Equal_requests_of_two_tenants_need_an_operator()
    {
        var (mine, others) = (Open(), Open() with { Tenant = "other" });
        new GenerationMatcher([Row("a")], true, [mine, others], new HashSet<uint>())
            .Match(mine, AbsentAfter)
            .ShouldBeOfType<MatchResult.Ambiguous>();
    }

    [Fact]
    public void Equal_requests_of_one_tenant_match_in_the_order_they_were_sent()
    {
        var (first, second) = (Open(), Open() with { Id = Guid.Empty, ForwardedAt = Sent.AddSeconds(1) });
        var evidence = new GenerationMatcher([Row("a")], true, [second, first], new HashSet<uint>());
        evidence.Match(first, AbsentAfter).ShouldBe(new MatchResult.Found(Id("a")));
        evidence.Match(second, AbsentAfter).ShouldBeOfType<MatchResult.NotYet>();
    }

    [Fact]
    public void A_generation_that_may_belong_to_a_request_in_flight_is_not_matched() =>
        new GenerationMatcher([Row("a")], true, [Open()], new HashSet<uint> { 42 })
            .Match(Open(), AbsentAfter)
            .ShouldBeOfType<MatchResult.NotYet>();

    private static MatchResult Match(params UpstreamGeneration[] listed) =>
        new GenerationMatcher(listed, true, [Open()], new HashSet<uint>()).Match(Open(), AbsentAfter);

    private static UnknownReservation Open() =>
        new(
            Id: new Guid("019aac5b-8e7c-7d1f-9b3c-2a1d0e4f5a6b"),
            Tenant: "team",
            Fingerprint: new Fingerprint(
                "flux-pro-2.0",
                SHA256.HashData(Encoding.UTF8.GetBytes("a cat")),
                42,
                512,
                512,
                PromptEnhanced: false
            ),
            Images: 1,
            Micros: 12_000,
            ForwardedAt: Sent,
            FencedAt: Sent.AddSeconds(30),
            Now: Sent.AddMinutes(10)
        );

    private static UpstreamGeneration Row(string id) =>
        new(Id(id), GenerationStatus.Pending, Sent.AddSeconds(1), "a cat", 42, 512, 512, [], "{}", "{}");

    private static string Id(string digit) => $"1f1a2b3c-4d5e-6f70-8a1b-0123456789a{digit}";
}
