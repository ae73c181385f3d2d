using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;

namespace Gateway.Benchmarks.Proxy;

/// <summary>Follows generations to their end: each one that is counted must have ended.</summary>
/// <param name="upstream">The port of the benchmark's upstream.</param>
internal sealed partial class Generations(int upstream)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    /// <summary>Created and ended so far, by every target.</summary>
    public (long Created, long Ended) Counts
    {
        get
        {
            var answer = HttpMessage.Exchange(upstream, IPAddress.Loopback, HttpMessage.Get(Upstream.CountsPath));
            var numbers = answer[(answer.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..].Split(' ');
            return (long.Parse(numbers[0], CultureInfo.InvariantCulture), long.Parse(numbers[1], CultureInfo.InvariantCulture));
        }
    }

    /// <returns>The id of a new generation that has ended.</returns>
    public string CreateOne(Target target)
    {
        var before = Counts;
        var answer = HttpMessage.Exchange(target.Port, Requests.AddressOf(0), Requests.Guide);
        WaitForEnds(target, before, 1, () => { });
        return GenerationId().Match(answer).Groups["id"].Value;
    }

    /// <summary>Waits until the target has seen the end of every generation and has stored it.</summary>
    /// <param name="before">The counts before the first of them was created.</param>
    /// <param name="accepted">How many there are.</param>
    /// <param name="read">Called when all seem to have ended, before the target is asked whether it agrees.</param>
    public void WaitForEnds(Target target, (long Created, long Ended) before, int accepted, Action read)
    {
        var created = Counts.Created - before.Created;
        if (created != accepted)
            throw new InvalidOperationException($"{target.Name} accepted {accepted} generations, and the upstream has {created}.");
        var clock = Stopwatch.StartNew();
        while (true)
        {
            while (Counts.Ended - before.Ended < accepted)
                Wait();
            // The last results are being stored.
            Wait();
            read();
            if (Running(target) == 0)
                return;
        }

        void Wait()
        {
            if (clock.Elapsed > Limit)
                throw new InvalidOperationException(
                    $"{target.Name}: {Counts.Ended - before.Ended} of {accepted} generations were read within {Limit}, {Running(target)} hold a slot."
                );
            Thread.Sleep(100);
        }
    }

    /// <summary>The slots of the account in use, as the target's metrics say.</summary>
    private static int Running(Target target)
    {
        var metrics = HttpMessage.Exchange(target.Port, Requests.AddressOf(0), HttpMessage.Get("/metrics"));
        return int.Parse(SlotsUsed().Match(metrics).Groups["slots"].Value, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex("^gateway_slots_used (?<slots>[0-9]+)", RegexOptions.Multiline | RegexOptions.NonBacktracking)]
    private static partial Regex SlotsUsed();

    [GeneratedRegex("\"generationId\":\"(?<id>[0-9a-f-]{36})\"", RegexOptions.NonBacktracking)]
    private static partial Regex GenerationId();
}
