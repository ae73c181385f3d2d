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
        var campaign = new AttackCampaign(length);
        var results = await campaign.RunAsync(TestContext.Current.CancellationToken);

        Console.WriteLine(string.Join('\n', results.Select(result => $"{result}").Prepend(AttackResult.Head)));
        results.SelectMany(result => result.Refusals.Select(refusal => $"{result.Attack}: {refusal}")).ShouldBeEmpty();
        // It waits for its turn, and not behind all that came first.
        results.Select(result => result.Passed).Max().ShouldBeLessThanOrEqualTo(AttackCampaign.Slots);
        results.Skip(1).ShouldAllBe(result => result.Attackers.Count > 0 && !result.Attackers.ContainsKey(401));
        if (Seconds is null)
            return;
        var noticed = campaign.Noticed.Order().ToList();
        var (mean, p95) = (noticed.Average(), noticed[(int)(0.95 * (noticed.Count - 1))]);
        Console.WriteLine(
            string.Create(CultureInfo.InvariantCulture, $"{noticed.Count} ends, noticed after {mean:0} ms on average, p95 {p95:0} ms")
        );
        mean.ShouldBeLessThan(1_000);
        p95.ShouldBeLessThan(2_000);
        results.Where(result => result.PostP95 > 2 * results[0].PostP95).ShouldBeEmpty();
    }
}
