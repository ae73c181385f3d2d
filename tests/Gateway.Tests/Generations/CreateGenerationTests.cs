using Gateway.Edge.Problems;
using Gateway.Generations;
using Gateway.Tenants;
using Gateway.Tests.Harness;
using Leonardo.Simulator;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Generations;

/// <summary>The story of a generation as any front end calls it: without HTTP.</summary>
public sealed class CreateGenerationTests(GatewayFixture fixture) : IClassFixture<GatewayFixture>
{
    private static readonly Tenant Team = new("team", "Team", QuotaLimits.Unlimited, TenantPolicy.Default);

    private readonly GatewayApp _gateway = fixture.Gateway;

    [Fact]
    public async Task A_generation_is_made_and_charged_and_its_repetition_is_not()
    {
        var first = (await CreateAsync("A cat", "story-1")).ShouldBeOfType<CreationResult.Settled>();

        var charge = Charges("A cat").ShouldHaveSingleItem();
        charge.GenerationId.ShouldBe(first.Settlement.GenerationId);
        first.Settlement.CostMicros.ShouldBe((long)(charge.Amount * 1_000_000));
        (first.IsReplay, first.IsDurable, first.HasWaited).ShouldBe((false, true, false));

        var second = (await CreateAsync("A cat", "story-1")).ShouldBeOfType<CreationResult.Settled>();
        second.ShouldBe(first with { IsReplay = true });
        (await CreateAsync("A dog", "story-1")).ShouldBeOfType<CreationResult.Mismatch>();
        Charges("A cat").Length.ShouldBe(1);
        Charges("A dog").ShouldBeEmpty();
    }

    [Fact]
    public async Task A_refusal_by_the_policy_sends_nothing_and_does_not_hide_an_earlier_outcome()
    {
        var allowed = Team with { Policy = new TenantPolicy(AllowPublic: true) };
        var refused = (await CreateAsync("A public cat", "story-2", Team, isPublic: true)).ShouldBeOfType<CreationResult.Refused>();
        refused.Refusal.Type.ShouldBe(ProblemTypes.Policy);
        refused.Refusal.Errors.ShouldHaveSingleItem().Pointer.ShouldBe("#/public");
        Charges("A public cat").ShouldBeEmpty();

        var first = await CreateAsync("A public cat", "story-2", allowed, isPublic: true);
        var second = await CreateAsync("A public cat", "story-2", Team, isPublic: true);
        second.ShouldBe(first.ShouldBeOfType<CreationResult.Settled>() with { IsReplay = true });
        Charges("A public cat").Length.ShouldBe(1);
    }

    [Fact]
    public async Task A_refusal_by_a_quota_names_it_and_sends_nothing()
    {
        var poor = Team with { Id = "poor", Quota = new QuotaLimits(ImagesPerDay: 0) };
        var exceeded = (await CreateAsync("A rich cat", null, poor)).ShouldBeOfType<CreationResult.QuotaExceeded>();
        exceeded.Violated.ShouldHaveSingleItem().Quota.Name.ShouldBe("images-day");
        Charges("A rich cat").ShouldBeEmpty();
    }

    [Fact]
    public async Task A_refusal_by_Leonardo_and_a_lost_reply_are_different_results()
    {
        var refused = (await CreateAsync("A cat [sim:moderation-400]", null)).ShouldBeOfType<CreationResult.NotMade>();
        refused.Outcome.Problem.ShouldBe(ProblemTypes.UpstreamRejected.Name);
        var unknown = (await CreateAsync("A cat [sim:reset-after]", null)).ShouldBeOfType<CreationResult.Unknown>();
        unknown.Outcome.Problem.ShouldBe(ProblemTypes.OutcomeUnknown.Name);
    }

    [Fact]
    public void The_story_names_nothing_of_HTTP_or_of_JSON()
    {
        var code = File.ReadAllText(Repository.Path("src", "Gateway", "Generations", "CreateGeneration.cs"));
        foreach (var word in new[] { "HttpContext", "HttpRequest", "IResult", "Headers", "StatusCodes", "JsonDocument" })
            code.ShouldNotContain(word, Case.Sensitive);
    }

    private async Task<CreationResult> CreateAsync(string prompt, string? key, Tenant? tenant = null, bool isPublic = false)
    {
        var body = new GenerationBody
        {
            Model = "flux-pro-2.0",
            Public = isPublic,
            Parameters = new GenerationParameters { Prompt = prompt },
        };
        var reader = _gateway.Services.GetRequiredService<GenerationRequestReader>();
        var (request, _) = await reader.ValidateAsync(body, [], tenant ?? Team, TestContext.Current.CancellationToken);
        return await _gateway
            .Services.GetRequiredService<CreateGeneration>()
            .CreateAsync(request!, tenant ?? Team, key, wait: null, TestContext.Current.CancellationToken);
    }

    private InvoiceLine[] Charges(string prompt) => [.. _gateway.Leonardo.Invoice.Where(charge => charge.Prompt == prompt)];
}
