using System.Runtime.InteropServices;

namespace Gateway.Ledger.Rules;

/// <summary>
/// By how much a model costs more than its computed price. A pair of integers: products stay exact (INV-12).
/// </summary>
/// <param name="Stated">Micro-dollars.</param>
/// <param name="Computed">Micro-dollars; more than 0.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct PriceRatio(long Stated, long Computed)
{
    /// <summary>A stated cost above this many times the computed price is a fault of the upstream (T-H10).</summary>
    public const int Max = 100;

    /// <summary>A statement counts for later reservations this long.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromHours(24);

    /// <summary>The computed price.</summary>
    public static readonly PriceRatio One = new(1, 1);

    /// <summary>Rounded, for people.</summary>
    public decimal Rounded => decimal.Round((decimal)Stated / Computed, 6);

    /// <summary>Whether a stated cost is charged as it is; otherwise the computed price is charged.</summary>
    /// <param name="stated">Micro-dollars; null: not stated in dollars, or not an amount.</param>
    /// <param name="computed">Micro-dollars.</param>
    public static bool IsPlausible(long? stated, long computed) => stated >= 0 && stated <= (Int128)Max * computed;

    public bool IsAbove(PriceRatio other) => (Int128)Stated * other.Computed > (Int128)other.Stated * Computed;

    /// <summary>Price × ratio in micro-dollars, rounded up: never less than the cost.</summary>
    /// <exception cref="OverflowException">It is more than a balance can hold.</exception>
    public long Apply(long price) => checked((long)(((Int128)price * Stated + Computed - 1) / Computed));
}

/// <summary>The highest ratio that was stated for a model in one UTC hour.</summary>
/// <param name="Hour"><c>2026-11-22T14</c>.</param>
/// <param name="At">
/// Of the hour's last statement above the computed price: the row counts until its youngest statement is too old.
/// </param>
internal sealed record PriceRatioRow(string Model, string Hour, DateTimeOffset At, PriceRatio Ratio)
{
    public DateTimeOffset Expires => At + PriceRatio.Window;

    /// <summary>The row with the highest ratio of the last 24 hours; null: the computed price is in force.</summary>
    public static PriceRatioRow? Highest(IEnumerable<PriceRatioRow> rows, DateTimeOffset now)
    {
        PriceRatioRow? highest = null;
        foreach (var row in rows.Where(row => row.Expires > now))
            highest = highest is not null && !row.Ratio.IsAbove(highest.Ratio) ? highest : row;
        return highest;
    }
}

/// <summary>A stated cost that is not the computed price.</summary>
/// <param name="Computed">Micro-dollars.</param>
/// <param name="Stated">Micro-dollars; null: not stated in dollars, or not an amount.</param>
internal sealed record PriceDeviation(Guid ReservationId, string Model, long Computed, long? Stated)
{
    public bool IsPlausible => PriceRatio.IsPlausible(Stated, Computed);
}
