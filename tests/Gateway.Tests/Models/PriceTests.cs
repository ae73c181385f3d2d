using Gateway.Edge;
using Gateway.Models;
using Gateway.Tenants;

namespace Gateway.Tests.Models;

public sealed class PriceTests
{
    /// <summary>
    /// The worked examples for FLUX.2 Pro: credits by the published formula, dollars as Leonardo states them.
    /// </summary>
    [Theory]
    [InlineData(1440, 1440, 1, false, "0.0837")]
    [InlineData(1440, 1440, 1, true, "0.1256")]
    [InlineData(960, 1440, 1, false, "0.0568")]
    [InlineData(960, 1440, 1, true, "0.0837")]
    [InlineData(1440, 810, 1, false, "0.0478")]
    [InlineData(810, 1440, 1, true, "0.0718")]
    [InlineData(1024, 1024, 1, false, "0.0434")]
    [InlineData(1024, 1024, 1, true, "0.0643")]
    [InlineData(512, 512, 1, false, "0.0120")]
    [InlineData(512, 512, 1, true, "0.0164")]
    [InlineData(256, 256, 1, false, "0.0030")]
    [InlineData(256, 256, 1, true, "0.0045")]
    [InlineData(1024, 1024, 4, false, "0.1704")]
    [InlineData(1440, 1440, 8, true, "1.0046")]
    public void A_price_follows_the_published_formula(int width, int height, int quantity, bool references, string usd) =>
        Usd.Format(FluxPro2.Model.Price.Micros(width, height, quantity, references)).ShouldBe(usd);

    [Fact]
    public void A_larger_request_never_costs_less() =>
        CsCheck.Check.Sample(
            CsCheck.Gen.Select(CsCheck.Gen.Int[256, 1439], CsCheck.Gen.Int[256, 1440], CsCheck.Gen.Int[1, 7]),
            t =>
            {
                var price = FluxPro2.Model.Price;
                var one = price.Micros(t.Item1, t.Item2, t.Item3, hasReferences: false);
                price.Micros(t.Item1 + 1, t.Item2, t.Item3, hasReferences: false).ShouldBeGreaterThanOrEqualTo(one);
                price.Micros(t.Item1, t.Item2, t.Item3 + 1, hasReferences: false).ShouldBeGreaterThanOrEqualTo(one);
                price.Micros(t.Item1, t.Item2, t.Item3, hasReferences: true).ShouldBeGreaterThan(one);
            }
        );

    [Fact]
    public void A_price_that_is_not_in_credits_is_listed_with_its_rule_and_examples_alone()
    {
        var model = FluxPro2.Model with { Price = new FlatPrice(), AspectRatios = [new AspectRatio("1:1", 512, 512)] };
        var price = ModelDescription.From(model, TenantPolicy.Default).Price;
        price.Rule.ShouldBe("3 cents an image");
        (price.CreditsPerMillionPixels, price.UsdPerCredit).ShouldBe((null, null));
        price.Examples.ShouldBe([new PriceExample(512, 512, "0.0300", "0.0300")]);
    }

    [Fact]
    public void A_default_that_every_model_shares_is_that_of_the_catalogue()
    {
        foreach (var range in new Func<ImageModel, NumberRange>[] { model => model.Width, model => model.Quantity, model => model.Seed })
        {
            var ranges = ModelCatalogue.All.Select(range).ToList();
            var widest = range(ModelCatalogue.Widest);
            ranges.ShouldAllBe(one => one.Min >= widest.Min && one.Max <= widest.Max);
            ranges.ShouldAllBe(one => widest.Default == null || one.Default == widest.Default);
        }
    }

    [Theory]
    [InlineData("0.0837", 83_700L)]
    [InlineData("0", 0L)]
    [InlineData("12", 12_000_000L)]
    [InlineData("-1", null)]
    [InlineData("1e3", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    [InlineData("99999999999999999999", null)]
    [InlineData("NaN", null)]
    public void An_amount_that_is_not_a_sane_sum_of_dollars_is_none(string? text, long? micros) => Usd.Micros(text).ShouldBe(micros);

    private sealed record FlatPrice : ImagePrice
    {
        public override string Rule => "3 cents an image";

        public override long Micros(int width, int height, int quantity, bool hasReferences) => 30_000L * quantity;
    }
}
