using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Campaign;

/// <summary>
/// What a power cut leaves of a SQLite store: what was written to its log after the last <c>fsync</c> is gone. The
/// gateway runs within <c>strace</c>, which says what was written and flushed, and in which order.
/// </summary>
internal sealed partial class PowerCut(string store, string trace)
{
    private string Log => store + "-wal";

    /// <summary>The command that runs the gateway.</summary>
    public static string[] Within(string trace) =>
        ["strace", "-f", "--seccomp-bpf", "-qq", "-y", "-s", "0", "-e", "trace=pwrite64,fsync,fdatasync", "-o", trace];

    /// <summary>Kills the gateway, and drops what was not flushed.</summary>
    public async Task HitAsync(GatewayProcess gateway)
    {
        // Without a process for it: 20 ms later nothing is lost. strace ends with the gateway.
        using (var traced = Process.GetProcessById(ChildOf(gateway.Id)))
            traced.Kill();
        await gateway.HasExitedAsync();
        var flushed = FlushedBytes(await File.ReadAllLinesAsync(trace));
        using var log = File.Open(Log, FileMode.Open);
        log.SetLength(flushed);
    }

    public static int ChildOf(int process) =>
        int.Parse(File.ReadAllText($"/proc/{process}/task/{process}/children").Split(' ')[0], CultureInfo.InvariantCulture);

    private long FlushedBytes(IEnumerable<string> lines)
    {
        var (written, flushed) = (0L, 0L);
        var flushes = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var line in lines)
        {
            var thread = line.Split(' ')[0];
            if (Write().Match(line) is { Success: true } write && write.Groups["file"].Value == Log)
            {
                var offset = long.Parse(write.Groups["offset"].ValueSpan, CultureInfo.InvariantCulture);
                // The log begins again: a checkpoint has flushed the store, which this test does not cut.
                offset.ShouldBeGreaterThanOrEqualTo(offset == 0 && written > 0 ? 1 : 0);
                written = Math.Max(written, offset + long.Parse(write.Groups["count"].ValueSpan, CultureInfo.InvariantCulture));
            }
            else if (Flush().Match(line) is { Success: true } flush && flush.Groups["file"].Value == Log)
                flushes[thread] = written;
            if (line.EndsWith("= 0", StringComparison.Ordinal) && flushes.Remove(thread, out var before))
                flushed = before;
        }
        return flushed;
    }

    [GeneratedRegex(
        @"pwrite64\(\d+<(?<file>[^>]*)>, .*, (?<count>\d+), (?<offset>\d+)( <unfinished|\))",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex Write();

    [GeneratedRegex(@"(fsync|fdatasync)\(\d+<(?<file>[^>]*)>", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Flush();
}
