using Gateway.Tests.Harness;

namespace Gateway.Tests.HouseRules;

/// <summary>The script that makes mistakes on purpose does not go stale.</summary>
public sealed class MutantTests
{
    [Fact]
    public async Task Each_mistake_of_the_script_can_still_be_made()
    {
        Tools.Need("python3");

        (await Shell.RunAsync("tests/mutants.py --check", Repository.Path())).ShouldContain("mistakes can be made");
    }
}
