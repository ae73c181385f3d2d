using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Leonardo.Simulator;

/// <summary>Everything that can be scripted, and where it strikes: before a generation is made, on the way back, or in the job itself.</summary>
internal static class Faults
{
    public const string Post = "post";

    private static readonly Dictionary<string, Ending> Endings = new(StringComparer.Ordinal)
    {
        ["job-fails"] = Ending.Failed,
        ["job-nsfw"] = Ending.Nsfw,
        ["job-empty"] = Ending.Empty,
        ["job-forever"] = Ending.Never,
    };

    /// <summary>Of targets that make nothing: what is wrong with the body of a 200.</summary>
    private static readonly Dictionary<string, Func<HttpContext, Task>> Elsewhere = new(StringComparer.Ordinal)
    {
        ["garbage"] = context => Refusals.Garbage.WriteAsync(context),
        ["html"] = context => Refusals.HtmlPage.WriteAsync(context),
        ["empty-200"] = context => new Reply(200, []).WriteAsync(context),
        ["endless"] = context => Wire.EndlessAsync(context, "image/jpeg"),
    };

    private static readonly string[] Targets = [Post, "get", "list", "me", "models", "delete", "init-image", "upload", "cdn"];

    public static IEnumerable<string> Names(string target) =>
        !Targets.Contains(target, StringComparer.Ordinal)
            ? []
            : Refusals
                .Names.Concat(target is Post ? LyingAnswers.Names.Concat(Endings.Keys) : Elsewhere.Keys)
                .Append("slow")
                .Append("ok")
                .Order(StringComparer.Ordinal);

    public static bool Exists(string target, string fault) => Names(target).Contains(Fault.Parse(fault).Name, StringComparer.Ordinal);

    public static Ending EndingOf(Fault? fault) => fault is null ? Ending.Complete : Endings.GetValueOrDefault(fault.Name, Ending.Complete);

    /// <summary><c>slow:SECONDS</c> (5 if left out), in real time; another fault does not wait.</summary>
    public static Task DelayAsync(HttpContext context, Fault? fault)
    {
        if (fault?.Name is not "slow")
        {
            return Task.CompletedTask;
        }

        var seconds = double.TryParse(fault.Argument, CultureInfo.InvariantCulture, out var given) && given >= 0 ? given : 5;
        return Task.Delay(TimeSpan.FromSeconds(seconds), context.RequestAborted);
    }

    /// <summary>For targets that make nothing: answers in the handler's place.</summary>
    /// <returns>False if the handler should go on.</returns>
    public static async Task<bool> AnswersAsync(HttpContext context, Account account, Fault? fault)
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

        if (Elsewhere.TryGetValue(fault.Name, out var act))
        {
            await act(context);
        }
        else if (!await Refusals.AnswersAsync(context, account, fault))
        {
            await Unknown(fault).WriteAsync(context);
        }

        return true;
    }

    /// <summary>A misspelt fault must not look like a success.</summary>
    public static Reply Unknown(Fault fault) => Replies.Rest(400, $"the simulator knows no fault '{fault.Name}' here", "simulator");
}
