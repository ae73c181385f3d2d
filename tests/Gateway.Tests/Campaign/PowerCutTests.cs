using System.Globalization;
using System.Net;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Campaign;

/// <summary>
/// The power of a gateway on SQLite is cut again and again, immediately after an answer (docs/ledger.md, X12).
/// <c>POWER_CUTS</c> sets how often.
/// </summary>
public sealed class PowerCutTests
{
    private const string Team = "team-a";

    private static int Cuts => int.Parse(Environment.GetEnvironmentVariable("POWER_CUTS") ?? "1", CultureInfo.InvariantCulture);

    [Fact]
    public async Task Settlements_that_were_answered_early_are_found_again_and_nothing_is_sent_twice()
    {
        var (unknown, generations) = await RunAsync("Early", loses: true);
        unknown.ShouldBeGreaterThanOrEqualTo(Cuts, "no settlement was lost: nothing was tested");
        Console.WriteLine(
            $"{Cuts} power cuts, {generations} generations, {unknown} of them unknown after one: each found again, paid once"
        );
    }

    [Fact]
    public async Task Nothing_that_was_answered_is_lost_if_settlements_are_durable() =>
        (await RunAsync("Durable", loses: false)).Unknown.ShouldBe(0);

    /// <param name="loses">A cut that comes later than 20 ms after the answer loses nothing, and is repeated.</param>
    /// <returns>Generations that were not known after a cut, and all that were made.</returns>
    private static async Task<(int Unknown, int Generations)> RunAsync(string settlements, bool loses)
    {
        Tools.NeedLinux();
        Tools.Need("strace");
        using var folder = new TemporaryFolder();
        await using var cluster = await GatewayCluster.CreateAsync(
            [GatewayCluster.Tenant(Team, """{ "imagesPerMonth": 1000 }""")],
            within: PowerCut.Within(folder["trace"]),
            settings: ("Storage__Settlements", settlements)
        );
        var power = new PowerCut(cluster.DatabaseFile, folder["trace"]);
        var made = new List<string>();
        var unknown = 0;
        for (var (cut, tries) = (0, 0); cut < Cuts && tries < 20 * Cuts; tries++)
        {
            await cluster.StartAsync();
            for (var n = 0; n < 3; n++)
                made.Add(await PostAsync(cluster[0], $"Cut {tries}, picture {n}"));
            await power.HitAsync(cluster[0]);
            await cluster.KillAsync(0);

            // Without Leonardo nothing is found out.
            await cluster.Simulator.SignalAsync("STOP");
            await cluster.StartAsync();
            var lost = await CountUnknownAsync(cluster[0], made);
            await cluster.Simulator.SignalAsync("CONT");
            await Eventually.HoldsAsync(async () => await CountUnknownAsync(cluster[0], made) == 0);
            await cluster.KillAsync(0);
            cut += lost > 0 || !loses ? 1 : 0;
            unknown += lost;
        }

        var books = await LedgerSnapshot.ReadSqliteAsync(cluster.DatabaseFile);
        books.ShouldBeConsistent();
        books.ShouldMatchInvoice(await cluster.Simulator.InvoiceAsync(), await cluster.Simulator.PostsAsync());
        books.In('S').Count().ShouldBe(made.Count);
        books.Entries.Count.ShouldBe(made.Count);
        return (unknown, made.Count);
    }

    private static async Task<string> PostAsync(GatewayProcess gateway, string prompt)
    {
        var body = GatewayApp.Guide.Replace("A cat", prompt, StringComparison.Ordinal);
        using var answer = await SendAsync(gateway, HttpMethod.Post, "/v2/generations", new StringContent(body, null, "application/json"));
        return (await answer.JsonAsync())["generate"]!["generationId"]!.GetValue<string>();
    }

    /// <summary>Each of them is known, or it is not known whether it exists: never is it said not to exist.</summary>
    private static async Task<int> CountUnknownAsync(GatewayProcess gateway, IEnumerable<string> generations)
    {
        var unknown = 0;
        foreach (var id in generations)
        {
            using var answer = await SendAsync(gateway, HttpMethod.Get, $"/v1/generations/{id}", null);
            if (answer.StatusCode == HttpStatusCode.OK)
                continue;
            answer.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
            answer.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(2));
            (await answer.JsonAsync())["type"]!.GetValue<string>().ShouldEndWith("store-unavailable");
            unknown++;
        }
        return unknown;
    }

    private static async Task<HttpResponseMessage> SendAsync(GatewayProcess gateway, HttpMethod method, string path, HttpContent? content)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content, Headers = { { "X-Tenant-Id", Team } } };
        return await gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
    }
}
