namespace Gateway.Models;

/// <summary>
/// The upstream's price rule: <c>credits = ⌈rate × width × height × quantity⌉</c>, half as much again with references, each credit at a fixed
/// dollar rate, the sum rounded to a hundredth of a cent as the upstream states it.
/// </summary>
/// <remarks>
/// Sources: formula (0.000027 a pixel, × 1.5 with one or more references, worked examples 56 and 84 credits for 1440 × 1440)
/// https://docs.leonardo.ai/docs/generate-images-using-flux-pro-2; dollars per credit 0.001495, to which every price of the
/// calculator of 2026-08-01 fits (0.0478 = 32 credits for 1440 × 810). 56 credits are 0.08372, stated and charged as 0.0837.
/// Rounding up is per request, as the formula holds the quantity.
/// </remarks>
/// <param name="CreditsPerMillionPixels">27 for 0.000027 credits a pixel.</param>
/// <param name="MicrosPerCredit">Micro-dollars: 1495 for $0.001495.</param>
internal sealed record CreditPrice(long CreditsPerMillionPixels, long MicrosPerCredit)
{
    private const long Half = 2;
    private const long Million = 1_000_000;

    /// <summary>The step the upstream states prices in: $0.0001.</summary>
    private const long Step = 100;

    /// <summary>Price of one request in micro-dollars, exact before it is sent.</summary>
    public long Micros(int width, int height, int quantity, bool hasReferences)
    {
        checked
        {
            var halfCredits = CreditsPerMillionPixels * width * height * quantity * (hasReferences ? 3 : 2);
            var credits = (halfCredits + Half * Million - 1) / (Half * Million);
            var micros = credits * MicrosPerCredit;
            return (micros + Step / 2) / Step * Step;
        }
    }
}
