using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;

namespace Gateway.Tests;

/// <summary>The recipes of docs/adding-a-model.md and docs/adding-an-identification.md work as written.</summary>
public sealed class RecipesTests
{
    [Fact]
    public async Task The_recipes_need_no_other_file_and_everything_follows()
    {
        Tools.Need("curl", "git", "jq", "chromium");
        NodeScript.Need("browser");
        var command = $"PORT={Ports.Free()} tests/recipes.sh";
        (await Shell.RunAsync(command, Repository.Path("."), seconds: 600)).ShouldEndWith("The recipes work.\n");
    }
}
