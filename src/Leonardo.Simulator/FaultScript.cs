using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Leonardo.Simulator;

/// <summary>A named fault with an optional argument: <c>slow:2</c>, <c>redirect:https://example.org/</c>.</summary>
internal sealed record Fault(string Name, string Argument)
{
    public static Fault Parse(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? new Fault(text, "") : new Fault(text[..colon], text[(colon + 1)..]);
    }
}

/// <summary>
/// Chooses the fault of a request: by its header <c>x-sim-fault</c>, by <c>[sim:NAME]</c> in its prompt, or from the
/// queue of its target.
/// </summary>
internal sealed class FaultScript
{
    private readonly Lock sync = new();
    private readonly Dictionary<string, Queue<string>> queues = new(StringComparer.Ordinal);

    /// <exception cref="ArgumentException">The target or the fault does not exist.</exception>
    public void Add(string target, IReadOnlyCollection<string> faults)
    {
        if (faults.FirstOrDefault(name => !Faults.Exists(target, name)) is { } unknown)
        {
            throw new ArgumentException(
                $"Unknown fault '{unknown}' for the target '{target}'. Known are: {string.Join(", ", Faults.Names(target))}",
                nameof(faults)
            );
        }

        lock (sync)
        {
            var queue = queues.TryGetValue(target, out var existing) ? existing : queues[target] = new Queue<string>();
            foreach (var fault in faults)
            {
                queue.Enqueue(fault);
            }
        }
    }

    public Fault? Take(HttpContext context, string target)
    {
        if (context.Request.Headers.TryGetValue("x-sim-fault", out var header))
        {
            return Fault.Parse(header.ToString());
        }

        if (target is Faults.PostTarget && FindInPrompt(context.Features.GetRequiredFeature<ReceivedRequest>().Body.Span) is { } tagged)
        {
            return Fault.Parse(tagged);
        }

        lock (sync)
        {
            return queues.TryGetValue(target, out var queue) && queue.TryDequeue(out var next) && next is not "ok"
                ? Fault.Parse(next)
                : null;
        }
    }

    public void Clear()
    {
        lock (sync)
        {
            queues.Clear();
        }
    }

    /// <summary>
    /// Only the prompt is free text, so a scan of the bytes is enough, and load tests do not pay for parsing.
    /// </summary>
    private static string? FindInPrompt(ReadOnlySpan<byte> body)
    {
        var start = body.IndexOf("[sim:"u8);
        if (start < 0)
        {
            return null;
        }

        var remainder = body[(start + 5)..];
        var end = remainder.IndexOf((byte)']');
        return end < 0 ? null : Encoding.UTF8.GetString(remainder[..end]);
    }
}
