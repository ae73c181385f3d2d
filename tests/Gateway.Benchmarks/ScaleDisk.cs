using System.Diagnostics;

namespace Gateway.Benchmarks;

/// <summary>What the machine's disk costs without a gateway, if it writes as much as one does.</summary>
internal static class ScaleDisk
{
    /// <summary>About what a generation writes to the log of SQLite at 20/s, and how often it is flushed.</summary>
    private const int PagesPerFlush = 25;
    private const int FlushesPerGeneration = 2;
    private const int PageSize = 4096;

    /// <summary>Written again and again from its beginning, as the log is.</summary>
    private const int FileSize = 4000 * PageSize;

    /// <returns>How long each flush took with the writes before it.</returns>
    public static Task<ScaleLatencies> RunAsync(string folder, int perSecond, TimeSpan length) =>
        Task.Factory.StartNew(() => Run(folder, perSecond, length), TaskCreationOptions.LongRunning);

    private static ScaleLatencies Run(string folder, int perSecond, TimeSpan length)
    {
        var answers = new List<ScaleAnswer>();
        using var file = new FileStream(Path.Combine(folder, "disk"), FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        file.Write(new byte[FileSize]);
        file.Flush(flushToDisk: true);
        var page = new byte[PageSize];
        var start = Stopwatch.GetTimestamp() + Stopwatch.Frequency / 10;
        for (var n = 0; n < (int)(perSecond * length.TotalSeconds) * FlushesPerGeneration; n++)
        {
            ScaleLoad.WaitUntil(start + (long)(n * (Stopwatch.Frequency / (double)perSecond / FlushesPerGeneration)));
            var begun = Stopwatch.GetTimestamp();
            for (var written = 0; written < PagesPerFlush; written++)
            {
                file.Position %= FileSize;
                file.Write(page);
            }
            file.Flush(flushToDisk: true);
            answers.Add(new ScaleAnswer(begun, begun, Stopwatch.GetTimestamp(), Status: 200));
        }
        return new ScaleLatencies(answers);
    }
}
