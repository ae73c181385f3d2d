using Gateway.Tests.Generations.Clients;
using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;

namespace Gateway.Tests.Generations;

/// <summary>
/// Two replicas on one PostgreSQL store: a repeat may reach the other one, and a replica may be killed.
/// </summary>
public sealed class RepeatReplicaTests : RepeatTest
{
    private GatewayProcess? _other;

    public override async ValueTask DisposeAsync()
    {
        if (_other is not null)
            await _other.DisposeAsync();
        await base.DisposeAsync();
    }

    [Fact]
    public async Task A_repeat_takes_the_place_of_three_callers_who_have_gone_at_either_replica()
    {
        var other = await StartOtherAsync();
        Leonardo.ScriptNext("slow:5");
        using (var first = await RawConnection.OpenAsync(Gateway.Address))
        {
            await first.SendAsync(Raw("a cat"));
            await IsRunningForAWhileAsync();
        }
        await SendAndCloseAsync(other.Address, "a cat", TimeSpan.FromSeconds(0.7));
        await SendAndCloseAsync(Gateway.Address, "a cat", TimeSpan.FromSeconds(0.7));

        using var fourth = await SendAsync(other.Client, "a cat");

        (await IdAsync(fourth)).ShouldBe(Leonardo.Invoice.ShouldHaveSingleItem().GenerationId);
        fourth.Headers.GetValues("Idempotency-Replayed").ShouldBe(["true"]);
    }

    [Fact]
    public async Task A_caller_who_goes_in_the_moment_of_the_answer_and_asks_the_other_replica_pays_once()
    {
        var other = await StartOtherAsync();

        var callers = await GoInTheMomentOfTheAnswerAsync(other.Client);

        Leonardo.Invoice.Count.ShouldBe(callers);
    }

    [Fact]
    public async Task A_caller_whose_leaving_goes_unnoticed_and_who_asks_the_other_replica_pays_once()
    {
        var other = await StartOtherAsync();

        await LeaveUnnoticedAsync("a cat [sim:slow:4]");
        using var repeat = await SendAsync(other.Client, "a cat [sim:slow:4]");

        (await IdAsync(repeat)).ShouldBe(Leonardo.Invoice.ShouldHaveSingleItem().GenerationId);
    }

    [Fact]
    public async Task Two_people_who_are_answered_by_different_replicas_pay_for_two()
    {
        var other = await StartOtherAsync();
        Leonardo.ScriptNext("slow:0.2");

        using var first = await PostAsync("a cat");
        using var second = await SendAsync(other.Client, "a cat");

        (await IdAsync(first)).ShouldNotBe(await IdAsync(second));
        Leonardo.Invoice.Count.ShouldBe(2);
    }

    /// <summary>Behind nginx, the clients repeat on their own at the replica that is left.</summary>
    [Fact]
    public async Task After_a_kill_between_acceptance_and_answer_every_client_pays_once()
    {
        RealClient.Need();
        var other = await StartOtherAsync();
        await using var balancer = await StartBalancerAsync(other);
        var calls = Calls(balancer, "slow:6", prefer: null);

        var answers = calls.Select(one => one.Client.SendAsync(one.Call)).ToList();
        await Eventually.HoldsAsync(() => Leonardo.Invoice.Count == calls.Count);
        await Gateway.KillAsync();
        await Task.WhenAll(answers);

        await ShouldHaveRepeatedAndPaidOnceAsync(calls);
    }

    [Fact]
    public async Task After_a_kill_between_settlement_and_answer_every_client_gets_what_it_has_paid_for()
    {
        RealClient.Need();
        Leonardo.Change(new() { Seconds = 6 });
        var other = await StartOtherAsync();
        await using var balancer = await StartBalancerAsync(other);
        var calls = Calls(balancer, "slow:0.3", prefer: "wait=60");

        var answers = calls.Select(one => one.Client.SendAsync(one.Call)).ToList();
        await Eventually.HoldsAsync(async () => await UsageAsync(other.Client) == (calls.Count, 0));
        await Gateway.KillAsync();
        var ids = await Task.WhenAll(answers);

        await ShouldHaveRepeatedAndPaidOnceAsync(calls);
        ids.ShouldBe(calls.Select(one => Leonardo.Invoice.Single(charge => charge.Prompt == one.Call.Prompt).GenerationId));
    }

    private protected override async Task<(string Name, string Value)[]> StoreAsync()
    {
        Tools.NeedPostgreSql();
        return
        [
            ("Storage__Engine", "PostgreSql"),
            ("Storage__ConnectionString", await (await PostgreSqlServer.SharedAsync()).CreateDatabaseAsync()),
            // Short, so that a dead replica owes nothing soon.
            ("Quotas__Lease", "00:00:03"),
        ];
    }

    private async Task<GatewayProcess> StartOtherAsync() => _other = await StartGatewayAsync();

    private string AccessLog => Folder["access.log"];

    private Task<ReverseProxy> StartBalancerAsync(GatewayProcess other) =>
        ReverseProxy.StartShippedNginxAsync(
            Folder,
            [Gateway.Address, other.Address],
            shipped =>
                shipped.Replace(
                    "access_log off;",
                    $"log_format id '$http_x_request_id'; access_log {AccessLog} id;",
                    StringComparison.Ordinal
                )
        );

    private static List<(RealClient Client, RealCall Call)> Calls(ReverseProxy balancer, string fault, string? prefer) =>
        [
            .. RealClient.All.Select(client =>
                (client, new RealCall(balancer.Address, client.Name, $"a cat for {client.Name} [sim:{fault}]", Log, Prefer: prefer))
            ),
        ];

    private async Task ShouldHaveRepeatedAndPaidOnceAsync(List<(RealClient Client, RealCall Call)> calls)
    {
        var requests = await File.ReadAllLinesAsync(AccessLog, TestContext.Current.CancellationToken);
        foreach (var (_, call) in calls)
        {
            Leonardo.Invoice.Count(charge => charge.Prompt == call.Prompt).ShouldBe(1, call.RequestId);
        }
        // nginx sends them to the replicas in turn.
        calls.Count(one => requests.Count(id => id == one.Call.RequestId) > 1).ShouldBeGreaterThan(0);
    }

    private static void Log(string line) => TestContext.Current.TestOutputHelper!.WriteLine(line);
}
