using System.Diagnostics;
using System.Globalization;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Campaign;

/// <summary>
/// Gateways under load are killed (<c>kill -9</c>) at random moments, also while they start, and started again. At the
/// end the ledger, Leonardo's invoice and the answers to the clients must agree.
/// </summary>
/// <param name="rounds">How often one is killed.</param>
/// <param name="replicas">More than one only on PostgreSQL.</param>
/// <param name="postgreSql">A connection string; null: SQLite.</param>
internal sealed class KillCampaign(int rounds, int replicas, string? postgreSql)
{
    private const int Clients = 16;
    private const long MicrosPerMonth = 40_000_000;

    private readonly int _seed = Random.Shared.Next();
    private int _killedEarly;

    private long ImagesPerDay => 40L * rounds;

    /// <returns>What happened, in one line.</returns>
    public async Task<string> RunAsync()
    {
        var clock = Stopwatch.StartNew();
        await using var fleet = await GatewayCluster.CreateAsync(
            [
                GatewayCluster.Tenant("free"),
                GatewayCluster.Tenant("images", $$"""{ "imagesPerDay": {{ImagesPerDay}} }"""),
                GatewayCluster.Tenant("dollars", $$"""{ "usdPerMonth": {{MicrosPerMonth / 1_000_000}} }"""),
                GatewayCluster.Tenant("few", """{ "concurrentGenerations": 3, "requestsPerMinute": 3000 }"""),
            ],
            replicas,
            postgreSql
        );
        using var crowd = new Crowd(["free", "images", "dollars", "few"], () => fleet.Addresses, _seed);
        await fleet.StartAsync();
        using (var stop = new CancellationTokenSource())
        {
            var load = crowd.RunAsync(Clients, stop.Token);
            var random = new Random(_seed);
            for (var round = 0; round < rounds; round++)
                await KillOneAsync(fleet, random);
            await fleet.StartAsync();
            await stop.CancelAsync();
            await load;
        }

        await crowd.NothingIsHeldAsync();
        await crowd.RepeatAsync();
        var usage = await crowd.UsageAsync();
        var books = await fleet.CloseAsync();
        var (invoice, posts) = (await fleet.Simulator.InvoiceAsync(), await fleet.Simulator.PostsAsync());
        books.ShouldBeConsistent();
        books.ShouldMatchInvoice(invoice, posts);
        books.ShouldNeverExceed("images", entry => entry.Images, ImagesPerDay);
        books.ShouldNeverExceed("dollars", entry => entry.Micros, MicrosPerMonth);
        books.In('Q', 'R', 'F', 'U', 'W').ShouldBeEmpty("held for ever");
        crowd.MustAgreeWith(books, invoice);
        crowd.MustKnow(invoice);
        foreach (var (tenant, month) in usage)
            month.ShouldBe(Month(books, tenant));
        return Summarize(crowd, books, invoice, posts.Count, clock.Elapsed);
    }

    private static string Month(LedgerSnapshot books, string tenant)
    {
        var mine = books.In('S').Where(entry => entry.Tenant == tenant).ToList();
        var usd = (mine.Sum(entry => entry.Charged!.Value) / 1_000_000m).ToString("0.######", CultureInfo.InvariantCulture);
        return $$"""{"generations":{{mine.Count}},"images":{{mine.Sum(entry => entry.Images)}},"usd":{{usd}}}""";
    }

    private async Task KillOneAsync(GatewayCluster fleet, Random random)
    {
        var ready = random.Next(6) > 0;
        await fleet.StartAsync(ready);
        if (!ready)
            _killedEarly++;
        await Task.Delay(random.Next(20, 1000));
        await fleet.KillAsync(random.Next(replicas));
    }

    private string Summarize(Crowd crowd, LedgerSnapshot books, IReadOnlyList<Charge> invoice, int posts, TimeSpan took)
    {
        var engine = postgreSql is null ? "SQLite" : $"PostgreSQL, {replicas} replicas";
        var unclear = books.Steps.Where(step => step.To == 'U').Select(step => step.Reservation).ToHashSet();
        var found = books.In('S').Count(entry => unclear.Contains(entry.Id));
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{engine}: {rounds} x kill -9 ({_killedEarly} while starting), {crowd.Orders.Sum(order => order.Answers.Count)} requests for {crowd.Orders.Count} orders "
                + $"({crowd.Orders.Count(order => order.IsRepeated && order.Answers.Count > 1)} repeated without a key, {crowd.Orders.Count(order => order.WasQueued)} jobs), "
                + $"{books.Entries.Count} reservations, {posts} sent, {invoice.Count} charged = {invoice.Sum(charge => charge.Micros) / 1_000_000m:0.0000} USD = settled; "
                + $"{unclear.Count} were unknown ({found} found, {unclear.Count - found} proved absent); "
                + $"lost 0, over-admitted 0, sent twice 0, paid twice 0, left held 0; {took.TotalSeconds:0} s (seed {_seed})"
        );
    }
}
