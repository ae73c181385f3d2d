using System.Diagnostics;

namespace Gateway.Benchmarks;

/// <summary>What the machine's disk costs without a gateway: 4 KB are appended to a file and flushed.</summary>
internal static class ScaleDisk
{
    private const int PageSize = 4096;

    /// <returns>How long each took, from its planned moment, as for an admission.</returns>
    public static Task<ScaleLatencies> RunAsync(string folder, int perSecond, TimeSpan length) =>
        Task.Factory.StartNew(() => Run(folder, perSecond, length), TaskCreationOptions.LongRunning);

    private static ScaleLatencies Run(string folder, int perSecond, TimeSpan length)
    {
        var answers = new List<ScaleAnswer>();
        using var file = new FileStream(Path.Combine(folder, "disk"), FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        var page = new byte[PageSize];
        var start = Stopwatch.GetTimestamp() + Stopwatch.Frequency / 10;
        for (var n = 0; n < (int)(perSecond * length.TotalSeconds); n++)
        {
            var planned = start + (long)(n * (Stopwatch.Frequency / (double)perSecond));
            ScaleLoad.WaitUntil(planned);
            var begun = Stopwatch.GetTimestamp();
            file.Write(page);
            file.Flush(flushToDisk: true);
            answers.Add(new ScaleAnswer(planned, begun, Stopwatch.GetTimestamp(), Status: 200));
        }
        return new ScaleLatencies(answers);
    }
}
