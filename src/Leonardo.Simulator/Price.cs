namespace Leonardo.Simulator;

/// <summary>
/// Leonardo's published formula for FLUX.2 Pro, rounded up per request, at the former Pro tier's dollar rate
/// (https://docs.leonardo.ai/docs/generate-images-using-flux-pro-2 and the price calculator of 2026-08-01).
/// </summary>
internal static class Price
{
    public const decimal DollarsPerCredit = 0.001495m;

    public static int Credits(int width, int height, int quantity, bool withReferences) =>
        (int)decimal.Ceiling(0.000027m * width * height * quantity * (withReferences ? 1.5m : 1m));

    public static decimal Dollars(int credits) => Math.Round(credits * DollarsPerCredit, 4, MidpointRounding.AwayFromZero);
}
