using Gateway.Edge;

namespace Gateway.Models;

/// <summary>
/// Leonardo's price in credits: <c>credits = ⌈rate × width × height × quantity⌉</c>, times 1.5 with references, each
/// credit at a fixed dollar rate, the sum rounded to a hundredth of a cent as Leonardo states it.
/// </summary>
/// <remarks>
/// Formula (0.000027 credits a pixel, × 1.5 with one or more references, worked examples of 56 and 84 credits for
/// 1440 × 1440): https://docs.leonardo.ai/docs/generate-images-using-flux-pro-2. Dollars per credit: 0.001495, which
/// fits every price of Leonardo's calculator of 2026-08-01 (0.0478 = 32 credits for 1440 × 810). 56 credits are
/// 0.08372, stated and charged as 0.0837. Credits are rounded up once per request, because the formula includes the
/// quantity.
/// </remarks>
/// <param name="CreditsPerMillionPixels">27 for 0.000027 credits a pixel.</param>
/// <param name="MicrosPerCredit">Micro-dollars: 1495 for $0.001495.</param>
internal sealed record CreditPrice(long CreditsPerMillionPixels, long MicrosPerCredit) : ImagePrice
{
    private const long Half = 2;
    private const long Million = 1_000_000;

    /// <summary>Leonardo states prices in steps of $0.0001.</summary>
    private const long Step = 100;

    public override string Rule =>
        "ceil(credits_per_million_pixels / 1000000 * width * height * quantity * (1.5 with references)) * usd_per_credit, rounded to 0.0001";

    public override long Micros(int width, int height, int quantity, bool hasReferences)
    {
        checked
        {
            var halfCredits = CreditsPerMillionPixels * width * height * quantity * (hasReferences ? 3 : 2);
            var credits = (halfCredits + Half * Million - 1) / (Half * Million);
            var micros = credits * MicrosPerCredit;
            return (micros + Step / 2) / Step * Step;
        }
    }

    public override ModelPrice ToModelPrice(IReadOnlyList<PriceExample> examples) =>
        new(Rule, CreditsPerMillionPixels, Usd.Format(MicrosPerCredit), examples);
}
