namespace Gateway.Tests.Generations.Clients;

/// <summary>What goes wrong for a call, after Leonardo has accepted it.</summary>
/// <param name="Fault">A fault of the simulator.</param>
/// <param name="TimeoutSeconds">The client's own; 0: its default.</param>
/// <param name="IsBehindProxy">Whether a proxy is between client and gateway, which waits for two seconds.</param>
/// <param name="Calls">How often the user of the client tries until it has an answer.</param>
/// <param name="People">How many want the same, one after the other.</param>
/// <param name="EndsWell">Whether the client must get what was made: its outcome never becomes unknown.</param>
internal sealed record ClientFault(
    string Name,
    string Fault,
    int TimeoutSeconds = 0,
    bool IsBehindProxy = false,
    int Calls = 1,
    int People = 1,
    bool EndsWell = true
)
{
    public static IReadOnlyList<ClientFault> All { get; } =
    [
        new("socket-dropped", "reset-after", EndsWell: false),
        new("error-500", "error-500-after", EndsWell: false),
        new("garbage", "garbage", EndsWell: false),
        new("proxy-504", "slow:3.3", IsBehindProxy: true),
        new("own-timeout", "slow:3.3", TimeoutSeconds: 2, Calls: 3),
        new("two-people", "slow:0.2", People: 2),
    ];
}

/// <summary>A client that meets a fault.</summary>
internal sealed record ClientCase(RealClient Client, ClientFault Fault)
{
    /// <summary>Every client meets several faults, and every fault several clients.</summary>
    private static readonly Dictionary<string, string[]> InEveryRun = new(StringComparer.Ordinal)
    {
        ["openai-npm"] = ["socket-dropped", "proxy-504", "own-timeout", "two-people"],
        ["vercel-ai"] = ["error-500", "proxy-504", "own-timeout", "two-people"],
        ["openai-nuget"] = ["garbage", "proxy-504", "own-timeout", "two-people"],
        ["resilience-handler"] = ["socket-dropped", "error-500", "own-timeout", "two-people"],
        ["kiota"] = ["error-500", "garbage", "proxy-504", "two-people"],
        ["curl"] = ["socket-dropped", "garbage", "own-timeout", "two-people"],
    };

    public string RequestId => $"{Client.Name}.{Fault.Name}";

    public string Prompt => $"a cat for {RequestId} [sim:{Fault.Fault}]";

    /// <summary>Every pair, or those of every test run.</summary>
    public static IReadOnlyList<ClientCase> Choose(bool all) =>
        [
            .. from client in RealClient.All
            from fault in ClientFault.All
            where all || InEveryRun[client.Name].Contains(fault.Name)
            select new ClientCase(client, fault),
        ];
}

/// <summary>What a case has come to.</summary>
/// <param name="Ids">Of the generations that the people got.</param>
/// <param name="Posts">Requests that reached the gateway.</param>
/// <param name="Billed">Charges of Leonardo's for this prompt.</param>
internal sealed record ClientResult(ClientCase Case, IReadOnlyList<string> Ids, int Posts, IReadOnlyList<string> Billed);
