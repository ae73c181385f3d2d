using System.Net;
using System.Text.Json.Nodes;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Jobs;

/// <summary>A team's batch is one loop: what was accepted is made once, whatever happens to the gateway.</summary>
public sealed class JobCrashTests
{
    private static int Batch =>
        int.Parse(Environment.GetEnvironmentVariable("JOB_BATCH") ?? "100", System.Globalization.CultureInfo.InvariantCulture);

    [Fact]
    public Task A_batch_against_a_smaller_quota_survives_two_kills_on_SQLite() => RunAsync(replicas: 1, null);

    [Fact]
    public async Task A_batch_against_a_smaller_quota_survives_two_kills_on_PostgreSQL()
    {
        Tools.NeedPostgreSql();
        await RunAsync(replicas: 2, await (await PostgreSqlServer.SharedAsync()).CreateDatabaseAsync());
    }

    private static async Task RunAsync(int replicas, string? postgreSql)
    {
        var limit = Batch * 4 / 5;
        await using var fleet = await GatewayCluster.CreateAsync(
            [GatewayCluster.Tenant("team", $$"""{ "imagesPerDay": {{limit}}, "concurrentGenerations": 4, "jobsQueued": null }""")],
            replicas,
            postgreSql,
            null,
            ("Quotas__GenerationTimeLimit", "00:00:30")
        );
        await fleet.StartAsync();
        using var client = SecretScanningHandler.CreateClient();
        client.DefaultRequestHeaders.Add("X-Tenant-Id", "team");

        var answers = await Task.WhenAll(Enumerable.Range(0, Batch).Select(n => SubmitAsync(client, fleet.Addresses[n % replicas], n)));
        answers.Count(status => status == HttpStatusCode.Accepted).ShouldBe(limit);
        answers.Count(status => status == HttpStatusCode.TooManyRequests).ShouldBe(Batch - limit);
        await CanceledAsync(client, fleet.Addresses[0], count: 2);

        for (var kill = 0; kill < 2; kill++)
        {
            await Eventually.HoldsAsync(async () => (await fleet.Simulator.InvoiceAsync()).Count > 5 * (kill + 1));
            await fleet.KillAsync(kill % replicas);
            await fleet.StartAsync();
        }
        await Eventually.HoldsAsync(async () => await CountAsync(client, fleet.Addresses[0], "COMPLETE") == limit - 2, seconds: 240);

        var books = await fleet.CloseAsync();
        var invoice = await fleet.Simulator.InvoiceAsync();
        books.ShouldBeConsistent();
        books.ShouldMatchInvoice(invoice, await fleet.Simulator.PostsAsync());
        books.ShouldNeverExceed("team", entry => entry.Images, limit);
        invoice.Count.ShouldBe(limit - 2);
        invoice.Select(charge => charge.Prompt).Distinct(StringComparer.Ordinal).Count().ShouldBe(limit - 2);
        books.In('Q', 'R', 'F', 'U', 'W').ShouldBeEmpty();
    }

    private static async Task<HttpStatusCode> SubmitAsync(HttpClient client, Uri gateway, int n)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(gateway, "/v2/generations"))
        {
            Content = new StringContent(
                $$$"""{"model":"flux-pro-2.0","parameters":{"prompt":"picture {{{n}}}","width":256,"height":256}}""",
                System.Text.Encoding.UTF8,
                "application/json"
            ),
        };
        request.Headers.Add("Prefer", "respond-async");
        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        return response.StatusCode;
    }

    /// <summary>Cancels the newest ones, which wait for longest.</summary>
    private static async Task CanceledAsync(HttpClient client, Uri gateway, int count)
    {
        foreach (var job in (await JobsAsync(client, gateway, $"?status=QUEUED&limit={count}"))["jobs"]!.AsArray())
        {
            using var canceled = await client.DeleteAsync(
                new Uri(gateway, $"/v1/jobs/{job!["id"]}"),
                TestContext.Current.CancellationToken
            );
            canceled.EnsureSuccessStatusCode();
        }
    }

    private static async Task<int> CountAsync(HttpClient client, Uri gateway, string status)
    {
        var (count, after) = (0, "");
        do
        {
            var page = await JobsAsync(client, gateway, $"?status={status}&limit=100{after}");
            count += page["jobs"]!.AsArray().Count;
            after = page["next"] is { } next ? $"&after={next}" : "";
        } while (after.Length > 0);
        return count;
    }

    private static async Task<JsonNode> JobsAsync(HttpClient client, Uri gateway, string query)
    {
        using var response = await client.GetAsync(new Uri(gateway, "/v1/jobs" + query), TestContext.Current.CancellationToken);
        return await response.EnsureSuccessStatusCode().JsonAsync();
    }
}
