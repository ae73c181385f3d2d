namespace Leonardo.Simulator;

/// <summary>A model that <c>POST /v2/generations</c> makes, with Leonardo's own limits and price.</summary>
/// <param name="MinSide">Pixels.</param>
/// <param name="MaxSide">Pixels.</param>
/// <param name="PromptMaxLength">Unicode code points.</param>
/// <param name="Credits">Of width, height, quantity and whether there are references.</param>
internal sealed record SimulatedModel(
    string Name,
    int MinSide,
    int MaxSide,
    int MaxQuantity,
    int MaxReferences,
    int PromptMaxLength,
    Func<int, int, int, bool, int> Credits
)
{
    /// <summary>The former Pro tier's rate (the price calculator of 2026-08-01).</summary>
    public const decimal DollarsPerCredit = 0.001495m;

    public static IReadOnlyList<SimulatedModel> All { get; } =
    [
        // The guide's ranges, which are safe in Leonardo's OpenAPI document too.
        new("flux-pro-2.0", 256, 1440, 8, 4, 9999, FluxPro2Credits),
    ];

    public static SimulatedModel? Find(string? name) => All.FirstOrDefault(model => model.Name == name);

    public static decimal Dollars(int credits) => Math.Round(credits * DollarsPerCredit, 4, MidpointRounding.AwayFromZero);

    /// <summary>
    /// Leonardo's published formula, rounded up per request
    /// (https://docs.leonardo.ai/docs/generate-images-using-flux-pro-2).
    /// </summary>
    private static int FluxPro2Credits(int width, int height, int quantity, bool withReferences) =>
        (int)decimal.Ceiling(0.000027m * width * height * quantity * (withReferences ? 1.5m : 1m));
}
