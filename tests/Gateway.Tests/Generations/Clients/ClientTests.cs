using System.Collections.Concurrent;
using System.Text;
using Gateway.Tests.Harness.Sockets;

namespace Gateway.Tests.Generations.Clients;

/// <summary>
/// HTTP clients with their own repeats, none of which sends an Idempotency-Key. <c>tests/clients.sh</c> runs every
/// pair.
/// </summary>
public sealed class ClientTests : RepeatTest
{
    /// <summary>More programs that start at once on a small machine use up their time-outs before they send.</summary>
    private const int AtOnce = 6;

    private static bool All => Environment.GetEnvironmentVariable("CLIENT_FAULTS") == "all";

    [Fact]
    public async Task A_client_that_repeats_on_its_own_pays_once_and_two_people_who_both_get_their_answer_pay_for_two()
    {
        RealClient.Need();
        await using var proxy = await ReverseProxy.StartShippedAsync(
            "nginx",
            Folder,
            Gateway.Address,
            shipped => shipped.Replace("proxy_read_timeout 150s", "proxy_read_timeout 2s", StringComparison.Ordinal)
        );
        var ids = new ConcurrentDictionary<ClientCase, IReadOnlyList<string>>();
        await Parallel.ForEachAsync(
            ClientCase.Choose(All),
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce },
            async (one, _) => ids[one] = await RunAsync(one, one.Fault.IsBehindProxy ? proxy.Address : Gateway.Address)
        );
        // Its log is complete when it has stopped.
        await Gateway.StopAsync();

        var results = ids.Select(one => ResultOf(one.Key, one.Value)).ToList();
        var table = Table(results);
        Log(table);
        foreach (var result in results)
        {
            if (result.Billed.Count != result.Case.Fault.People)
                Log(string.Join('\n', LogOf(result.Case)));
            result.Posts.ShouldBeGreaterThan(1, $"{result.Case.RequestId} tests nothing:\n{table}");
            result.Billed.Count.ShouldBe(result.Case.Fault.People, $"{result.Case.RequestId}:\n{table}");
            result.Ids.ShouldBeUnique();
            result.Ids.ShouldBeSubsetOf(result.Billed);
            if (result.Case.Fault.EndsWell)
                result.Ids.Count.ShouldBe(result.Case.Fault.People, $"{result.Case.RequestId} did not get what was paid:\n{table}");
        }
    }

    /// <returns>The generations that the people got.</returns>
    private static async Task<IReadOnlyList<string>> RunAsync(ClientCase one, Uri gateway)
    {
        var call = new RealCall(gateway, one.RequestId, one.Prompt, Log, one.Fault.TimeoutSeconds);
        var ids = new List<string>();
        for (var person = 0; person < one.Fault.People; person++)
        {
            string? id = null;
            for (var n = 0; n < one.Fault.Calls && id is null; n++)
                id = await one.Client.SendAsync(call);
            if (id is not null)
                ids.Add(id);
        }
        return ids;
    }

    private ClientResult ResultOf(ClientCase one, IReadOnlyList<string> ids) =>
        new(
            one,
            ids,
            LogOf(one).Count(),
            [.. Leonardo.Invoice.Where(charge => charge.Prompt == one.Prompt).Select(charge => charge.GenerationId)]
        );

    /// <summary>One event for each request.</summary>
    private IEnumerable<string> LogOf(ClientCase one) =>
        Gateway.Output.Split('\n').Where(line => line.Contains($"\"RequestId\":\"{one.RequestId}\"") && line.Contains("\"Elapsed\""));

    /// <summary>Requests that were sent → charges, of each client under each fault.</summary>
    private static string Table(IReadOnlyList<ClientResult> results)
    {
        var table = new StringBuilder("| client |");
        foreach (var fault in ClientFault.All)
            table.Append($" {fault.Name} |");
        table.Append("\n| --- |").Insert(table.Length, " --- |", ClientFault.All.Count);
        foreach (var client in RealClient.All)
        {
            table.Append($"\n| {client.Name} |");
            foreach (var fault in ClientFault.All)
            {
                var result = results.FirstOrDefault(one => one.Case == new ClientCase(client, fault));
                table.Append(result is null ? " |" : $" {result.Posts} → {result.Billed.Count} |");
            }
        }
        return table.ToString();
    }

    private static void Log(string line) => TestContext.Current.TestOutputHelper!.WriteLine(line);
}
