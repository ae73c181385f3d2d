using System.Globalization;
using System.IO.Compression;
using Microsoft.AspNetCore.Http;

namespace Leonardo.Simulator;

/// <summary>Scripted answers to a generation that was made and charged. Whatever is said here, the invoice tells the truth.</summary>
internal static class LyingAnswers
{
    private const int HugeBytes = 10 * 1024 * 1024;

    private static readonly Dictionary<string, Func<HttpContext, Account, Generation, Task>> Answers = new(StringComparer.Ordinal)
    {
        ["error-500-after"] = (context, _, _) => Replies.ServiceError.WriteAsync(context),
        ["hang-after"] = (context, _, _) => Wire.HangAsync(context),
        ["reset-after"] = (context, _, _) => Now(() => Wire.Reset(context)),
        ["fin-after"] = (context, _, _) => Now(() => Wire.Finish(context)),
        ["half-json"] = (context, account, made) => Wire.BreakOffAsync(context, Success(account, made).Body),
        ["garbage"] = (context, _, _) => Refusals.Garbage.WriteAsync(context),
        ["empty-200"] = (context, _, _) => new Reply(200, []).WriteAsync(context),
        ["html-200"] = (context, _, _) => Refusals.HtmlPage.WriteAsync(context),
        ["wrong-content-type"] = (context, account, made) =>
            (Success(account, made) with { ContentType = "text/plain" }).WriteAsync(context),
        ["flat-success"] = (context, _, made) =>
            Replies.Json(new { generationId = made.Id, apiCreditCost = made.Credits }).WriteAsync(context),
        ["missing-cost"] = (context, _, made) => Replies.Json(new { generate = new { generationId = made.Id } }).WriteAsync(context),
        ["credits-cost"] = (context, _, made) =>
            Costing(made, made.Credits.ToString(CultureInfo.InvariantCulture), "CREDITS").WriteAsync(context),
        ["credits-140"] = (context, _, made) => InCredits(made, 140).WriteAsync(context),
        ["zero-cost"] = (context, _, made) => InCredits(made, 0).WriteAsync(context),
        ["negative-cost"] = (context, _, made) => Costing(made, "-1.0000", "DOLLARS").WriteAsync(context),
        ["absurd-cost"] = (context, _, made) => Costing(made, "99999999999999999999999999.99", "DOLLARS").WriteAsync(context),
        ["huge-body"] = (context, account, made) =>
            Replies.Json(new { generate = Inner(account, made), padding = new string('x', HugeBytes) }).WriteAsync(context),
        ["endless-body"] = (context, _, _) => Wire.EndlessAsync(context, Reply.JsonType),
        ["slow-body"] = (context, account, made) => Wire.DripAsync(context, Reply.JsonType, Success(account, made).Body, portion: 1),
        ["bad-id"] = (context, _, _) => WithId("not-a-uuid").WriteAsync(context),
        ["crlf-id"] = (context, _, made) => WithId($"{made.Id}\r\nX-Injected: 1").WriteAsync(context),
        ["duplicate-id"] = (context, account, made) => Success(account, account.Before(made) ?? made).WriteAsync(context),
        ["set-cookie"] = SetCookieAsync,
        ["204-no-body"] = (context, _, _) => Now(() => context.Response.StatusCode = 204),
        ["gzip-body"] = GzipAsync,
    };

    public static IEnumerable<string> Names => Answers.Keys;

    public static Reply Success(Account account, Generation made) => Replies.Json(new { generate = Inner(account, made) });

    public static Task AnswerAsync(HttpContext context, Account account, Fault? fault, Generation made) =>
        fault is not null && Answers.TryGetValue(fault.Name, out var answer)
            ? answer(context, account, made)
            : Success(account, made).WriteAsync(context);

    private static object Inner(Account account, Generation made)
    {
        var inCredits = account.Options.AnswerUnit is "CREDITS";
        var amount = inCredits
            ? made.Credits.ToString(CultureInfo.InvariantCulture)
            : made.Dollars.ToString("0.0000", CultureInfo.InvariantCulture);
        return new
        {
            generationId = made.Id,
            apiCreditCost = (int?)null,
            cost = new { amount, unit = account.Options.AnswerUnit },
        };
    }

    private static Reply Costing(Generation made, string amount, string unit) =>
        Replies.Json(
            new
            {
                generate = new
                {
                    generationId = made.Id,
                    apiCreditCost = (int?)null,
                    cost = new { amount, unit },
                },
            }
        );

    private static Reply InCredits(Generation made, int apiCreditCost) =>
        Replies.Json(new { generate = new { generationId = made.Id, apiCreditCost } });

    private static Reply WithId(string generationId) =>
        Replies.Json(
            new
            {
                generate = new
                {
                    generationId,
                    apiCreditCost = (int?)null,
                    cost = new { amount = "0.0837", unit = "DOLLARS" },
                },
            }
        );

    private static Task SetCookieAsync(HttpContext context, Account account, Generation made)
    {
        context.Response.Headers.SetCookie = "session=leonardo; Path=/; HttpOnly";
        context.Response.Headers.Server = "leonardo-edge/1.0";
        context.Response.Headers.Via = "1.1 leonardo-proxy";
        return Success(account, made).WriteAsync(context);
    }

    private static Task GzipAsync(HttpContext context, Account account, Generation made)
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(Success(account, made).Body);
        }

        context.Response.Headers.ContentEncoding = "gzip";
        return new Reply(200, packed.ToArray()).WriteAsync(context);
    }

    private static Task Now(Action act)
    {
        act();
        return Task.CompletedTask;
    }
}
