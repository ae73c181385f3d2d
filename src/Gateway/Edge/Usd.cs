using System.Globalization;

namespace Gateway.Edge;

/// <summary>Money is an integer of micro-dollars (10⁻⁶ USD); in JSON it is a decimal string of dollars.</summary>
internal static class Usd
{
    private const long PerDollar = 1_000_000;

    /// <summary>Four decimals, as the upstream states prices; up to six if they are not zero.</summary>
    public static string Format(long micros) => (micros / (decimal)PerDollar).ToString("0.0000##", CultureInfo.InvariantCulture);

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
