using Gateway.Models;
using Gateway.Tenants;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Models;

/// <summary>What a tenant with a cap on pixels is offered, it may also make.</summary>
public sealed class PixelCapTests
{
    [Theory]
    [InlineData(null, 1440, 1440, "960x1440 1440x1440 1440x810 810x1440")]
    [InlineData(2_073_600L, 1440, 1440, "960x1440 1440x1440 1440x810 810x1440")]
    [InlineData(2_073_599L, 1439, 1439, "960x1440 1439x1439 1440x810 810x1440")]
    [InlineData(1_000_000L, 1000, 1000, "816x1224 1000x1000 1333x750 750x1333")]
    [InlineData(100_000L, 316, 316, "258x387 316x316")]
    [InlineData(65_536L, 256, 256, "256x256")]
    [InlineData(1L, 256, 256, "")]
    public void Sizes_are_scaled_to_the_cap_in_their_own_ratio(long? maxPixels, int width, int height, string ratios)
    {
        var model = ModelDescription.From(FluxPro2.Model, TenantPolicy.Default with { MaxPixels = maxPixels });
        (model.Limits.Width.Default, model.Limits.Height.Default).ShouldBe((width, height));
        string.Join(' ', model.AspectRatios.Select(ratio => $"{ratio.Width}x{ratio.Height}")).ShouldBe(ratios);
        model
            .Price.Examples.Select(example => (example.Width, example.Height))
            .ShouldBe(model.AspectRatios.Select(ratio => (ratio.Width, ratio.Height)));
    }

    [Fact]
    public async Task Every_size_that_is_offered_is_allowed()
    {
        await using var gateway = await GatewayApp.StartAsync(
            GatewayApp.Tenants("""{ "id": "team", "identify": { "networks": ["127.0.0.0/8"] }, "policy": { "maxPixels": 777777 } }""")
        );
        var model = (await (await gateway.GetAsync("/v2/models")).JsonAsync())["models"]![0]!;
        var limits = model["limits"]!;
        var sizes = model["aspect_ratios"]!.AsArray().Select(ratio => (Width: ratio!["width"]!, Height: ratio["height"]!)).ToList();
        sizes.Count.ShouldBe(4);
        foreach (var (width, height) in sizes.Append((limits["width"]!["default"]!, limits["height"]!["default"]!)))
        {
            var quote = await gateway.PostAsync(
                $$$"""{"model":"flux-pro-2.0","parameters":{"prompt":"x","width":{{{width}}},"height":{{{height}}}}}""",
                "/v2/generations/quote"
            );
            (await quote.TextAsync()).ShouldContain("\"valid\":true");
        }
    }
}
