using System.Globalization;

namespace Gateway.Benchmarks.Proxy;

/// <summary>One measurement of one target under one load.</summary>
/// <param name="Cpu">Microseconds for each request, of the target and of its servers.</param>
/// <param name="ServersCpu">The part of the servers.</param>
/// <param name="P50">Milliseconds.</param>
/// <param name="P99">Milliseconds.</param>
/// <param name="Allocated">Kilobytes for each request; 0: not a .NET program.</param>
/// <param name="Rss">Megabytes, of the target alone.</param>
/// <param name="Tail">Seconds from the last request until the last generation had ended.</param>
internal sealed record Sample(
    double PerSecond,
    double Cpu,
    double ServersCpu,
    double P50,
    double P99,
    double Allocated,
    double Rss,
    double Tail
);

/// <summary>The samples of several rounds.</summary>
internal sealed class Samples
{
    private readonly List<Sample> _rounds = [];

    public void Add(Sample sample) => _rounds.Add(sample);

    public double Median(Func<Sample, double> figure) => MedianOf(_rounds.Select(figure));

    /// <summary>The median, and the lowest and the highest of the rounds.</summary>
    public string Spread(Func<Sample, double> figure, string format) => Spread([.. _rounds.Select(figure)], format);

    /// <summary>CPU as a multiple of the base's in the same round: median, lowest, highest.</summary>
    public string Ratio(Samples other) =>
        this == other ? "1" : Spread([.. _rounds.Zip(other._rounds, (own, its) => own.Cpu / its.Cpu)], "0.00");

    private static string Spread(double[] figures, string format)
    {
        string Text(double figure) => figure.ToString(format, CultureInfo.InvariantCulture);
        return $"{Text(MedianOf(figures))} ({Text(figures.Min())}–{Text(figures.Max())})";
    }

    private static double MedianOf(IEnumerable<double> figures)
    {
        var sorted = figures.Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
