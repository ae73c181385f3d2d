using System.Globalization;

namespace Gateway.Benchmarks.Proxy;

/// <summary>What a run was asked for: <c>[SECONDS] [--rounds N] [--store FILE] [--postgresql CONNECTION]</c>.</summary>
/// <param name="Length">Of one measurement.</param>
/// <param name="Store">
/// A filled SQLite store, measured beside the empty one; the run adds its generations to it.
/// </param>
/// <param name="PostgreSql">The same for a filled database on a server on this machine.</param>
internal sealed record BenchmarkOptions(TimeSpan Length, int Rounds, string? Store, string? PostgreSql)
{
    public static BenchmarkOptions Parse(ReadOnlySpan<string> arguments)
    {
        var options = new BenchmarkOptions(TimeSpan.FromSeconds(5), 3, null, null);
        while (!arguments.IsEmpty)
        {
            (options, arguments) = arguments switch
            {
                ["--rounds", var rounds, .. var rest] => (options with { Rounds = Number(rounds) }, rest.ToArray()),
                ["--store", var file, .. var rest] => (options with { Store = file }, rest.ToArray()),
                ["--postgresql", var connection, .. var rest] => (options with { PostgreSql = connection }, rest.ToArray()),
                [var seconds, .. var rest] => (options with { Length = TimeSpan.FromSeconds(Number(seconds)) }, rest.ToArray()),
                _ => throw new InvalidOperationException("There is nothing to parse."),
            };
        }
        return options;
    }

    private static int Number(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
            ? number
            : throw new ArgumentException($"'{text}' is not an option and not a number above 0.", nameof(text));
}
