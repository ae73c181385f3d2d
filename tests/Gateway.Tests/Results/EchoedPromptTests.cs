using Gateway.Tests.Harness;

namespace Gateway.Tests.Results;

/// <summary>
/// A prompt in which something looks like a secret: the tenant's own is shown as it was sent (T-K14).
/// </summary>
public sealed class EchoedPromptTests
{
    [Theory]
    [InlineData("A cat named 1f0c6c1e-5d3a-4a10-8f4e-2b7d1c9e0a53")]
    [InlineData("The logo of https://example.com/cats on a hat")]
    public async Task The_callers_own_prompt_is_shown_as_it_was_sent(string prompt)
    {
        await using var gateway = await TwoTenants.StartAsync();
        var id = await gateway.BeginAsync(TwoTenants.AsA, prompt);

        await gateway.PassAsync(async () => (await gateway.SeeAsync(id, TwoTenants.AsA))["status"]!.GetValue<string>() == "COMPLETE");

        (await gateway.SeeAsync(id, TwoTenants.AsA))["prompt"]!.GetValue<string>().ShouldBe(prompt);
    }
}
