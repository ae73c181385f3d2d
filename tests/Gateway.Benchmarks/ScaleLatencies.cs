using System.Diagnostics;

namespace Gateway.Benchmarks;

/// <summary>One answer.</summary>
/// <param name="Planned">When the request was to be sent, as a <see cref="Stopwatch"/> timestamp.</param>
/// <param name="Sent">When it was sent: later, where the machine kept the load generator waiting.</param>
/// <param name="Answered">When its answer was read.</param>
/// <param name="Status">0: there was no answer.</param>
internal readonly record struct ScaleAnswer(long Planned, long Sent, long Answered, int Status)
{
    /// <summary>Milliseconds from the planned moment, so that waiting behind a stall counts.</summary>
    public double Milliseconds => Stopwatch.GetElapsedTime(Planned, Answered).TotalMilliseconds;
}

/// <summary>The answers to one kind of request.</summary>
internal sealed class ScaleLatencies(IReadOnlyList<ScaleAnswer> answers)
{
    private readonly double[] _sorted = [.. answers.Select(answer => answer.Milliseconds).Order()];

    public int Count => answers.Count;

    public int Refused => answers.Count(answer => answer.Status != 200);

    public int Unavailable => answers.Count(answer => answer.Status == 503);

    public double Longest => _sorted[^1];

    /// <summary>Without the time by which the load generator itself was late.</summary>
    public double LongestSinceSent => answers.Max(answer => Stopwatch.GetElapsedTime(answer.Sent, answer.Answered).TotalMilliseconds);

    /// <summary>Milliseconds between two answers with 200, one after the other.</summary>
    public double LongestGap
    {
        get
        {
            var times = answers.Where(answer => answer.Status == 200).Select(answer => answer.Answered).Order().ToArray();
            return times.Zip(times.Skip(1), (one, next) => Stopwatch.GetElapsedTime(one, next).TotalMilliseconds).Append(0).Max();
        }
    }

    /// <summary>
    /// By how many milliseconds an answer was at most slower than every answer that the other gateway gave meanwhile:
    /// what the machine did to both is left out.
    /// </summary>
    public double LongestBeyond(ScaleLatencies other)
    {
        // Half a step apart: the neighbours of an answer are included.
        var neighbour = Stopwatch.Frequency / 10;
        return answers.Max(answer =>
            answer.Milliseconds
            - other
                .Between(answer.Planned - neighbour, answer.Answered + neighbour)
                .Select(one => one.Milliseconds)
                .DefaultIfEmpty(answer.Milliseconds)
                .Max()
        );
    }

    /// <param name="part">0.5: the median.</param>
    public double Quantile(double part) => _sorted[(int)(part * (_sorted.Length - 1))];

    /// <summary>The slowest answer of each pause: of those that waited at the same time only the first.</summary>
    public IReadOnlyList<ScaleAnswer> Slowest(int count)
    {
        var slowest = new List<ScaleAnswer>();
        foreach (var answer in answers.OrderByDescending(answer => answer.Milliseconds))
        {
            if (slowest.Count == count)
                break;
            if (!slowest.Exists(one => one.Planned <= answer.Answered && answer.Planned <= one.Answered))
                slowest.Add(answer);
        }
        return slowest;
    }

    /// <summary>Those that waited at some moment between these two.</summary>
    private IEnumerable<ScaleAnswer> Between(long from, long to) => answers.Where(one => one.Planned <= to && one.Answered >= from);
}
