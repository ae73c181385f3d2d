using System.Globalization;

namespace Gateway.Edge;

/// <summary>
/// Money is an integer of micro-dollars (10⁻⁶ USD). In JSON, a price is a decimal string of dollars, as the upstream
/// has it; a sum is a number.
/// </summary>
internal static class Usd
{
    private const long PerDollar = 1_000_000;

    /// <summary>Four decimals, as the upstream states prices; up to six if they are not zero.</summary>
    public static string Format(long micros) => ToDollars(micros).ToString("0.0000##", CultureInfo.InvariantCulture);

    /// <summary>Dollars, with at most six decimals.</summary>
    public static decimal ToDollars(long micros) => micros / (decimal)PerDollar;

    /// <summary>
    /// Micro-dollars of a decimal string such as <c>0.0837</c>; null for an implausible amount (negative, over a
    /// million, an exponent).
    /// </summary>
    public static long? Micros(string? text)
    {
        if (!decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var dollars) || dollars > 1_000_000m)
            return null;
        return (long)decimal.Round(dollars * PerDollar, MidpointRounding.AwayFromZero);
    }
}
