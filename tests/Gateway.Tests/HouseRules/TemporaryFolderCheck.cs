using Gateway.Tests.Harness;

[assembly: AssemblyFixture(typeof(Gateway.Tests.HouseRules.TemporaryFolderCheck))]

namespace Gateway.Tests.HouseRules;

/// <summary>Fails the run if a test did not dispose its folder.</summary>
public sealed class TemporaryFolderCheck : IDisposable
{
    public void Dispose() => TemporaryFolder.Existing.Select(folder => $"{folder.Key}, created in {folder.Value}").ShouldBeEmpty();
}
