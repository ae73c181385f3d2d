using System.Globalization;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Telemetry;

/// <summary>One answer of <c>/metrics</c>.</summary>
internal sealed class Scrape(string text)
{
    public string Text => text;

    /// <summary>Names of all series, without their labels.</summary>
    public HashSet<string> Names { get; } =
    [
        .. Lines(text).Select(line => line[..line.IndexOfAny([' ', '{'])]),
        // Metrics without a series yet are declared too.
        .. text.Split('\n')
            .Where(line => line.StartsWith("# TYPE ", StringComparison.Ordinal))
            .SelectMany(line => Series(line.Split(' ')[2], line.Split(' ')[3])),
    ];

    public static async Task<Scrape> OfAsync(HttpClient client, string path = "/metrics") =>
        new(await client.GetStringAsync(path, TestContext.Current.CancellationToken));

    public static Task<Scrape> OfAsync(GatewayApp gateway)
    {
        // Gauges are refreshed at most once a second.
        gateway.Time.Advance(TimeSpan.FromSeconds(2));
        return OfAsync(gateway.Client);
    }

    /// <summary>
    /// The sum of all series with this name and these labels (<c>tenant="a"</c>); null: there is none.
    /// </summary>
    public double? Value(string name, params string[] labels)
    {
        double[] values =
        [
            .. Lines(text)
                .Where(line =>
                    line[..line.IndexOfAny([' ', '{'])] == name && labels.All(label => line.Contains(label, StringComparison.Ordinal))
                )
                .Select(line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture)),
        ];
        return values.Length == 0 ? null : values.Sum();
    }

    private static IEnumerable<string> Lines(string text) => text.Split('\n').Where(line => line.Length > 0 && line[0] != '#');

    private static IEnumerable<string> Series(string name, string type) =>
        type == "histogram" ? [name + "_bucket", name + "_sum", name + "_count"] : [name];
}
