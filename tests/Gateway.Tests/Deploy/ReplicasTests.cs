using Gateway.Tests.Harness;

namespace Gateway.Tests.Deploy;

public sealed class ReplicasTests
{
    /// <summary>A short run; <c>deploy/replicas.sh 300</c> is the long one.</summary>
    [Fact]
    public async Task Three_replicas_are_restarted_one_by_one_under_load_and_the_ledger_agrees_with_the_invoice()
    {
        Tools.Need("nginx", "curl", "jq", "python3", "setpriv");
        Tools.NeedPostgreSql();
        Environment.SetEnvironmentVariable("GATEWAY_DLL", GatewayProcess.Program);
        Environment.SetEnvironmentVariable("SIMULATOR_DLL", Path.Combine(AppContext.BaseDirectory, "Leonardo.Simulator.dll"));

        var (exit, output) = await DeployFilesTests.RunAsync(Repository.Path("deploy/replicas.sh"), "2");

        exit.ShouldBe(0, output);
        output.ShouldContain("exact");
    }
}
