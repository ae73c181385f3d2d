using System.Globalization;

namespace Gateway.Ledger.Rules;

/// <summary>
/// A UTC hour (<c>2026-11-22T14</c>), calendar day (<c>2026-11-22</c>) or month (<c>2026-11</c>), and when it ends.
/// </summary>
internal static class Period
{
    public static string HourOf(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH", CultureInfo.InvariantCulture);

    public static string DayOf(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    public static string MonthOf(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM", CultureInfo.InvariantCulture);

    /// <param name="period">A day, or a month, or empty: the beginning of time.</param>
    public static DateTimeOffset StartOf(string period) =>
        period.Length == 0
            ? DateTimeOffset.UnixEpoch
            : DateTimeOffset.ParseExact(period, ["yyyy-MM-dd", "yyyy-MM"], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

    /// <param name="day">A day.</param>
    public static DateTimeOffset EndOf(string day) => StartOf(day).AddDays(1);

    public static DateTimeOffset DayStart(DateTimeOffset at) => new(at.UtcDateTime.Date, TimeSpan.Zero);

    public static DateTimeOffset DayEnd(DateTimeOffset at) => DayStart(at).AddDays(1);

    public static DateTimeOffset MonthStart(DateTimeOffset at) => new(at.UtcDateTime.Year, at.UtcDateTime.Month, 1, 0, 0, 0, TimeSpan.Zero);

    public static DateTimeOffset MonthEnd(DateTimeOffset at) => MonthStart(at).AddMonths(1);
}
