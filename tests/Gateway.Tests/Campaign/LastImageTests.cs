using System.Collections.Concurrent;
using System.Globalization;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Campaign;

/// <summary>
/// 200 requests at once, of 1 to 8 images each, for a quota of exactly 37. <c>LAST_IMAGE_ROUNDS</c> sets the rounds.
/// </summary>
public sealed class LastImageTests
{
    private const int Budget = 37;
    private const int Posts = 200;

    private static int Rounds => int.Parse(Environment.GetEnvironmentVariable("LAST_IMAGE_ROUNDS") ?? "3", CultureInfo.InvariantCulture);

    [Fact]
    public Task The_37th_image_is_used_and_the_38th_never_on_SQLite() => RunAsync(replicas: 1, null);

    [Fact]
    public async Task The_37th_image_is_used_and_the_38th_never_by_three_gateways_on_PostgreSQL()
    {
        Tools.NeedPostgreSql();
        await RunAsync(replicas: 3, await (await PostgreSqlServer.SharedAsync()).CreateDatabaseAsync());
    }

    private static async Task RunAsync(int replicas, string? postgreSql)
    {
        var teams = Enumerable.Range(0, Rounds).Select(round => $"team-{round}").ToList();
        await using var fleet = await GatewayCluster.CreateAsync(
            teams.Select(team => GatewayCluster.Tenant(team, $$"""{ "imagesPerMonth": {{Budget}} }""")),
            replicas,
            postgreSql,
            null,
            ("Leonardo__Timeout", "00:00:30"),
            ("Quotas__Lease", "00:00:30")
        );
        await fleet.StartAsync();
        using var client = SecretScanningHandler.CreateClient();
        var orders = new List<Order>();
        var calm = 0;
        foreach (var (round, team) in teams.Index())
        {
            // In some rounds no request is for a single image: then the last ones are used only if a request fits.
            var least = 1 + round % 4;
            var made = await RaceAsync(fleet, client, team, least);
            var used = made.Where(order => order.Answers[^1].Status == 200).Sum(order => order.Images);
            var refused = made.Where(order => order.Answers[^1].Status == 429).ToList();
            used.ShouldBeLessThanOrEqualTo(Budget);
            orders.AddRange(made);
            // On a busy machine a late request may be released after others were refused for want of its images.
            if (used > 0 && made.Count(order => order.Answers[^1].Status == 200) + refused.Count < Posts)
                continue;
            calm++;
            refused.ShouldAllBe(order => order.Images > Budget - used);
            if (least == 1)
                used.ShouldBe(Budget);
        }

        calm.ShouldBeGreaterThan(0, "every round was disturbed");
        var books = await fleet.CloseAsync();
        var invoice = await fleet.Simulator.InvoiceAsync();
        books.ShouldBeConsistent();
        books.ShouldMatchInvoice(invoice, await fleet.Simulator.PostsAsync());
        foreach (var team in teams)
            books.ShouldNeverExceed(team, entry => entry.Images, Budget);
        var answered = orders.Where(order => order.Answers[^1].Status == 200).ToDictionary(order => order.Prompt, StringComparer.Ordinal);
        invoice.Select(charge => charge.Prompt).Order(StringComparer.Ordinal).ShouldBe(answered.Keys.Order(StringComparer.Ordinal));
        Console.WriteLine(
            $"{(postgreSql is null ? "SQLite, 1 gateway" : $"PostgreSQL, {replicas} gateways")}: {Rounds} rounds of {Posts} posts for {Budget} images: "
                + $"{orders.Count} posts, {answered.Count} made, {books.In('S').Sum(entry => entry.Images)} images, over-admitted 0; in {calm} rounds no request was refused as late, and the last image was used whenever it fitted"
        );
    }

    private static async Task<IReadOnlyCollection<Order>> RaceAsync(GatewayCluster fleet, HttpClient client, string team, int least)
    {
        var addresses = fleet.Addresses;
        var orders = new ConcurrentBag<Order>();
        await Task.WhenAll(
            Enumerable
                .Range(0, Posts)
                .Select(post =>
                    Task.Run(async () =>
                    {
                        var order = new Order(team, $"{team}, post {post}", Random.Shared.Next(least, 9), null);
                        orders.Add(order);
                        await order.SendAsync(client, addresses[post % addresses.Count], CancellationToken.None);
                    })
                )
        );
        return orders;
    }
}
