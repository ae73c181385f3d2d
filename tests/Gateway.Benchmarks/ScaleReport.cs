using System.Diagnostics;
using System.Globalization;

namespace Gateway.Benchmarks;

/// <summary>The table: a figure of the gateway on the empty store, on the large one, and their ratio.</summary>
internal sealed class ScaleReport
{
    private readonly List<string> _lines = [];

    public ScaleReport(string large)
    {
        _lines.Add($"| | empty | {large} | ratio |");
        _lines.Add("| --- | --- | --- | --- |");
    }

    /// <param name="figures">Of the empty store, then of the large one.</param>
    public void Add(string what, IReadOnlyList<double> figures, string format = "0.0") =>
        _lines.Add(
            string.Create(
                CultureInfo.InvariantCulture,
                $"| {what} | {Figure(figures[0], format)} | {Figure(figures[1], format)} | {(figures[0] > 0 ? Figure(figures[1] / figures[0], "0.00") : "–")} |"
            )
        );

    /// <summary>A figure that only the large store has.</summary>
    public void AddLarge(string what, double figure, string format) => _lines.Add($"| {what} | – | {Figure(figure, format)} | – |");

    public void AddReads(string path, ScaleLatencies[] answers)
    {
        Add($"`GET {path}`, p50 ms", [.. answers.Select(one => one.Quantile(0.5))]);
        Add($"`GET {path}`, p99 ms", [.. answers.Select(one => one.Quantile(0.99))]);
        if (answers.Any(one => one.Refused > 0))
            Add($"`GET {path}`, answers other than 200", [.. answers.Select(one => (double)one.Refused)], "0");
    }

    /// <summary>
    /// The slowest answers, with the second after the gateway's readiness, so that periodic work is seen.
    /// </summary>
    public void AddSlowest(string store, ScaleLatencies answers, long readyAt)
    {
        var slowest = answers
            .Slowest(10)
            .OrderBy(answer => answer.Planned)
            .Select(answer =>
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{answer.Milliseconds:0} ms at {Stopwatch.GetElapsedTime(readyAt, answer.Planned).TotalSeconds:0.0} s{(answer.Status == 200 ? "" : $" ({answer.Status})")}"
                )
            );
        _lines.Add("");
        _lines.Add(
            $"The ten longest pauses, {store} store, each by its slowest admission, in seconds since the gateway was ready: {string.Join(", ", slowest)}."
        );
    }

    public void AddNote(string text)
    {
        _lines.Add("");
        _lines.Add(text);
    }

    public void Print() => _lines.ForEach(Console.WriteLine);

    private static string Figure(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
