using System.Globalization;

namespace Gateway.Tests.Campaign;

/// <summary>
/// Short here; as long as <c>ATTACK_SECONDS</c> says by <c>tests/attacks.sh</c>, which also compares times.
/// </summary>
public sealed class AttackCampaignTests
{
    private static readonly string? Seconds = Environment.GetEnvironmentVariable("ATTACK_SECONDS");

    [Fact]
    public async Task A_tenant_under_attack_is_refused_nothing()
    {
        var length = TimeSpan.FromSeconds(int.Parse(Seconds ?? "1", CultureInfo.InvariantCulture));
        var results = await new AttackCampaign(length).RunAsync(TestContext.Current.CancellationToken);

        Console.WriteLine(string.Join('\n', results.Select(result => $"{result}").Prepend(AttackResult.Head)));
        results.SelectMany(result => result.Refusals.Select(refusal => $"{result.Attack}: {refusal}")).ShouldBeEmpty();
        // It waits for its turn, and not behind all that came first.
        results.Select(result => result.Passed).Max().ShouldBeLessThanOrEqualTo(AttackCampaign.Slots);
        results.Skip(1).ShouldAllBe(result => result.Attackers.Count > 0 && !result.Attackers.ContainsKey(401));
        if (Seconds is not null)
            results.Where(result => result.PostP95 > 2 * results[0].PostP95).ShouldBeEmpty();
    }
}
