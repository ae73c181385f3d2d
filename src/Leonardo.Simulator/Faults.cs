using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Leonardo.Simulator;

/// <summary>
/// The faults that can be scripted: before a generation is created, in the reply, or in the job itself.
/// </summary>
internal static class Faults
{
    public const string PostTarget = "post";

    private static readonly Dictionary<string, Ending> Endings = new(StringComparer.Ordinal)
    {
        ["job-fails"] = Ending.Failed,
        ["job-nsfw"] = Ending.Nsfw,
        ["job-empty"] = Ending.Empty,
        ["job-forever"] = Ending.Never,
    };

    /// <summary>Faulty bodies under 200, for targets other than creations.</summary>
    private static readonly Dictionary<string, Func<HttpContext, Task>> OtherFaults = new(StringComparer.Ordinal)
    {
        ["garbage"] = context => Refusals.Garbage.WriteAsync(context),
        ["html"] = context => Refusals.HtmlPage.WriteAsync(context),
        ["empty-200"] = context => new Reply(200, []).WriteAsync(context),
        ["endless"] = context => Wire.EndlessAsync(context, "image/jpeg"),
        ["cut-image"] = context => Wire.CutAsync(context, "image/jpeg", (byte[])[0xFF, 0xD8, 0xFF, .. new byte[99_997]], 60_000),
        // The signature of an image, and nothing after it that is one.
        ["broken-image"] = context => new Reply(200, [0xFF, 0xD8, 0xFF, .. new byte[97]]).WriteAsync(context),
    };

    private static readonly string[] Targets = [PostTarget, "get", "list", "me", "models", "delete", "init-image", "upload", "cdn"];

    public static IEnumerable<string> Names(string target) =>
        !Targets.Contains(target, StringComparer.Ordinal)
            ? []
            : Refusals
                .Names.Concat(target is PostTarget ? FaultyReplies.Names.Concat(Endings.Keys) : OtherFaults.Keys)
                .Append("slow")
                .Append("ok")
                .Order(StringComparer.Ordinal);

    public static bool Exists(string target, string fault) => Names(target).Contains(Fault.Parse(fault).Name, StringComparer.Ordinal);

    public static Ending GetEnding(Fault? fault) =>
        fault is null ? Ending.Complete : Endings.GetValueOrDefault(fault.Name, Ending.Complete);

    /// <summary>Waits for <c>slow:SECONDS</c> (default 5) in real time; other faults do not wait.</summary>
    public static Task DelayAsync(HttpContext context, Fault? fault)
    {
        if (fault?.Name is not "slow")
        {
            return Task.CompletedTask;
        }

        var seconds = double.TryParse(fault.Argument, CultureInfo.InvariantCulture, out var given) && given >= 0 ? given : 5;
        return Task.Delay(TimeSpan.FromSeconds(seconds), context.RequestAborted);
    }

    /// <summary>Answers instead of the handler, for targets other than creations.</summary>
    /// <returns>False: the handler has to answer.</returns>
    public static async Task<bool> TryAnswerAsync(HttpContext context, Account account, Fault? fault)
    {
        if (fault is null or { Name: "ok" })
        {
            return false;
        }

        if (fault.Name is "slow")
        {
            await DelayAsync(context, fault);
            return false;
        }

        if (OtherFaults.TryGetValue(fault.Name, out var act))
        {
            await act(context);
        }
        else if (!await Refusals.TryAnswerAsync(context, account, fault))
        {
            await CreateUnknownReply(fault).WriteAsync(context);
        }

        return true;
    }

    /// <summary>A misspelt fault must not look like success.</summary>
    public static Reply CreateUnknownReply(Fault fault) => Replies.Rest(400, $"unknown fault '{fault.Name}' for this request", "simulator");
}
