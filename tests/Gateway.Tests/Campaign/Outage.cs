using System.Net;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Campaign;

/// <summary>How a gateway answers while its store is unavailable, and once it is back.</summary>
internal static class Outage
{
    /// <summary>Alive, not ready, and every generation refused with Retry-After.</summary>
    public static async Task MustShowAsync(GatewayProcess gateway)
    {
        await Eventually.HoldsAsync(async () => await StatusAsync(gateway, "/health/ready") == HttpStatusCode.ServiceUnavailable);
        (await StatusAsync(gateway, "/health/live")).ShouldBe(HttpStatusCode.OK);
        var order = new Order("free", $"during the outage {Random.Shared.NextInt64()}", 1, null);
        await order.SendAsync(gateway.Client, gateway.Address, CancellationToken.None);
        (order.Answers[0].Status, order.Answers[0].Problem, order.Answers[0].RetryAfter).ShouldBe((503, "store-unavailable", true));
        (await StatusAsync(gateway, "/health/live")).ShouldBe(HttpStatusCode.OK);
    }

    /// <summary>Ready again, by itself, and it makes generations.</summary>
    public static async Task MustEndAsync(GatewayProcess gateway)
    {
        await gateway.IsReadyAsync();
        await Eventually.HoldsAsync(async () =>
        {
            var order = new Order("free", $"after the outage {Random.Shared.NextInt64()}", 1, null);
            await order.SendAsync(gateway.Client, gateway.Address, CancellationToken.None);
            return order.Answers[0].Status == 200;
        });
    }

    /// <summary>Makes one generation.</summary>
    /// <returns>Its id.</returns>
    public static async Task<string> GenerateAsync(this GatewayProcess gateway, string tenant)
    {
        var order = new Order(tenant, $"before the outage {Random.Shared.NextInt64()}", 1, null);
        await order.SendAsync(gateway.Client, gateway.Address, CancellationToken.None);
        return order.Answers[0].GenerationId.ShouldNotBeNull();
    }

    /// <summary>Listens, ready or not.</summary>
    public static Task IsAliveAsync(this GatewayProcess gateway) =>
        Eventually.HoldsAsync(async () =>
        {
            try
            {
                return await StatusAsync(gateway, "/health/live") == HttpStatusCode.OK;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        });

    /// <summary>Waits until clients of the crowd have got more generations.</summary>
    public static async Task IsServedAsync(this Crowd crowd)
    {
        int Served() => crowd.Orders.Count(order => order.Answers.Any(answer => answer.Status == 200));
        var before = Served();
        await Eventually.HoldsAsync(() => Served() > before + 10);
    }

    /// <summary>Waits until every outcome is known, stops, and compares ledger, invoice and answers.</summary>
    public static async Task<LedgerSnapshot> MustHaveBeenServedExactlyAsync(this Crowd crowd, GatewayCluster fleet)
    {
        await crowd.NothingIsHeldAsync();
        var books = await fleet.CloseAsync();
        var invoice = await fleet.Simulator.InvoiceAsync();
        books.ShouldBeConsistent();
        books.ShouldMatchInvoice(invoice, await fleet.Simulator.PostsAsync());
        books.In('R', 'F', 'U', 'W').ShouldBeEmpty();
        crowd.MustAgreeWith(books, invoice);
        return books;
    }

    private static async Task<HttpStatusCode> StatusAsync(GatewayProcess gateway, string path)
    {
        using var response = await gateway.Client.GetAsync(path);
        return response.StatusCode;
    }
}
