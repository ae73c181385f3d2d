using System.Text.Json;
using System.Text.Json.Nodes;
using Leonardo.Simulator;

namespace Gateway.Tests.Simulator;

public sealed class InvoiceTests
{
    /// <summary>Leonardo's published examples and values from its price calculator.</summary>
    [Theory]
    [InlineData(1440, 1440, 56, "0.0837", 84, "0.1256")]
    [InlineData(960, 1440, 38, "0.0568", 56, "0.0837")]
    [InlineData(1440, 810, 32, "0.0478", 48, "0.0718")]
    [InlineData(1024, 1024, 29, "0.0434", 43, "0.0643")]
    [InlineData(512, 512, 8, "0.0120", 11, "0.0164")]
    [InlineData(256, 256, 2, "0.0030", 3, "0.0045")]
    public async Task A_generation_costs_the_published_price(
        int width,
        int height,
        int credits,
        string dollars,
        int creditsWithReference,
        string dollarsWithReference
    )
    {
        await using var client = await Client.StartAsync();
        var source = await client.CreateAsync();
        var image = (await client.ReadAsync(source)).GetProperty("generated_images")[0].GetProperty("id").GetString()!;
        var plain = Client.Body(width: width, height: height);
        var guided = Client.Body(width: width, height: height);
        guided["parameters"]!["guidances"] = new JsonObject { ["image_reference"] = Client.References((image, "GENERATED")) };

        (await CostAsync(client, plain)).ShouldBe((dollars, "DOLLARS"));
        (await CostAsync(client, guided)).ShouldBe((dollarsWithReference, "DOLLARS"));
        client.Simulator.Change(new SimulatorChange { AnswerUnit = "CREDITS" });
        (await CostAsync(client, plain)).ShouldBe((credits.ToString(System.Globalization.CultureInfo.InvariantCulture), "CREDITS"));
        (await CostAsync(client, guided)).ShouldBe(
            (creditsWithReference.ToString(System.Globalization.CultureInfo.InvariantCulture), "CREDITS")
        );
    }

    [Fact]
    public async Task The_invoice_lists_every_charge_and_the_balance_falls_by_its_sum()
    {
        await using var client = await Client.StartAsync(new SimulatorOptions { Balance = 10, JobSeconds = 0 });
        var first = await client.CreateAsync(Client.Body("one", 1440, 810, 2, 7));
        using (await client.PostAsync(Client.Body("two"), "error-500-after")) { }
        using (await client.PostAsync(Client.Body("three"), "error-500")) { }

        var invoice = client.Simulator.Invoice;
        invoice.Select(line => line.Prompt).ShouldBe(["one", "two"]);
        var line = invoice[0];
        (line.GenerationId, line.Amount, line.Seed, line.Width, line.Height, line.Quantity, line.References, line.Status).ShouldBe(
            (first, 0.0942m, 7, 1440, 810, 2, 0, "COMPLETE")
        );
        client.Simulator.Stats.Balance.ShouldBe(10 - invoice.Sum(charge => charge.Amount));
        var lines = (await client.Http.GetStringAsync(new Uri("/_sim/invoice", UriKind.Relative), Client.Cancellation))
            .TrimEnd()
            .Split('\n');
        lines.Length.ShouldBe(3);
        JsonDocument.Parse(lines[0]).RootElement.GetProperty("amount").GetString().ShouldBe("0.0942");
        JsonDocument.Parse(lines[2]).RootElement.GetProperty("total").GetString().ShouldBe("0.1062");
    }

    [Fact]
    public async Task Without_enough_credit_nothing_is_created()
    {
        await using var client = await Client.StartAsync(new SimulatorOptions { Balance = 0.0130m });
        await client.CreateAsync();

        (await client.ComplaintAsync(Client.Body())).ShouldBe("Insufficient tokens");
        client.Simulator.Invoice.Count.ShouldBe(1);
        client.Simulator.Change(new SimulatorChange { Balance = 1 });
        await client.CreateAsync();
    }

    [Fact]
    public async Task An_omitted_quantity_is_charged_as_four()
    {
        await using var client = await Client.StartAsync();
        var body = Client.Body();
        body["parameters"]!.AsObject().Remove("quantity");

        await client.CreateAsync(body);

        client.Simulator.Invoice[0].Quantity.ShouldBe(4);
    }

    private static async Task<(string? Amount, string? Unit)> CostAsync(Client client, JsonNode body)
    {
        using var response = await client.PostAsync(body);
        var cost = (await Client.JsonAsync(response)).GetProperty("generate").GetProperty("cost");
        return (cost.GetProperty("amount").GetString(), cost.GetProperty("unit").GetString());
    }
}
