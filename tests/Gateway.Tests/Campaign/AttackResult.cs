using System.Diagnostics;
using System.Globalization;

namespace Gateway.Tests.Campaign;

/// <summary>What a tenant was answered during one attack.</summary>
/// <param name="Posts">Its generations.</param>
/// <param name="Reads">Of its usage.</param>
/// <param name="Images">Of one image.</param>
/// <param name="Attackers">What the attacker was answered, by status.</param>
internal sealed record AttackResult(
    string Attack,
    IReadOnlyList<Answer> Posts,
    IReadOnlyList<Answer> Reads,
    IReadOnlyList<Answer> Images,
    IReadOnlyDictionary<int, int> Attackers
)
{
    public const string Head = """
        | attack | POST p50 | p95 | longest | passed by | reads p95 | images p95 | attacker's answers |
        | --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |
        """;

    /// <summary>Answers other than 200, by their kind and status.</summary>
    public IReadOnlyList<string> Refusals => [.. Refused("POST", Posts), .. Refused("read", Reads), .. Refused("image", Images)];

    /// <summary>
    /// The most generations of the attacker that were accepted between one request of the tenant and its answer.
    /// </summary>
    public int Passed => Posts.Max(answer => answer.Passed);

    public double PostP95 => Answer.Quantile(Posts, 0.95);

    /// <summary>A row of the table, in milliseconds.</summary>
    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"| {Attack} | {Answer.Quantile(Posts, 0.5):0} | {PostP95:0} | {Answer.Quantile(Posts, 1):0} | {Passed} | "
                + $"{Answer.Quantile(Reads, 0.95):0} | {Answer.Quantile(Images, 0.95):0} | "
                + $"{string.Join(", ", Attackers.OrderBy(one => one.Key).Select(one => $"{one.Value} x {one.Key}"))} |"
        );

    private static IEnumerable<string> Refused(string kind, IReadOnlyList<Answer> answers) =>
        answers.Where(answer => answer.Status != 200).Select(answer => $"{kind} {answer.Status}");
}

/// <summary>A status and the milliseconds until it and its body were read.</summary>
/// <param name="Passed">Generations of the attacker that were accepted meanwhile.</param>
internal readonly record struct Answer(int Status, double Milliseconds, int Passed = 0)
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
