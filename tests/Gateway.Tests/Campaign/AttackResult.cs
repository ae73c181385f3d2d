using System.Diagnostics;
using System.Globalization;

namespace Gateway.Tests.Campaign;

/// <summary>What a tenant was answered during one attack.</summary>
/// <param name="Posts">Its generations.</param>
/// <param name="Reads">Of its usage.</param>
/// <param name="Images">Of one image.</param>
internal sealed record AttackResult(string Attack, IReadOnlyList<Answer> Posts, IReadOnlyList<Answer> Reads, IReadOnlyList<Answer> Images)
{
    public const string Head = """
        | attack | POST p50 | p95 | longest | reads p95 | images p95 |
        | --- | ---: | ---: | ---: | ---: | ---: |
        """;

    /// <summary>Answers other than 200, by their kind and status.</summary>
    public IReadOnlyList<string> Refusals => [.. Refused("POST", Posts), .. Refused("read", Reads), .. Refused("image", Images)];

    public double PostP95 => Answer.Quantile(Posts, 0.95);

    /// <summary>A row of the table, in milliseconds.</summary>
    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"| {Attack} | {Answer.Quantile(Posts, 0.5):0} | {PostP95:0} | {Answer.Quantile(Posts, 1):0} | {Answer.Quantile(Reads, 0.95):0} | {Answer.Quantile(Images, 0.95):0} |"
        );

    private static IEnumerable<string> Refused(string kind, IReadOnlyList<Answer> answers) =>
        answers.Where(answer => answer.Status != 200).Select(answer => $"{kind} {answer.Status}");
}

/// <summary>A status and the milliseconds until it and its body were read.</summary>
internal readonly record struct Answer(int Status, double Milliseconds)
{
    public static async Task<Answer> OfAsync(Func<Task<int>> send)
    {
        var sent = Stopwatch.GetTimestamp();
        var status = await send();
        return new Answer(status, Stopwatch.GetElapsedTime(sent).TotalMilliseconds);
    }

    /// <param name="part">0.5: the median; 1: the longest.</param>
    public static double Quantile(IReadOnlyList<Answer> answers, double part)
    {
        var sorted = answers.Select(answer => answer.Milliseconds).Order().ToArray();
        return sorted[(int)(part * (sorted.Length - 1))];
    }
}
