using System.Globalization;
using System.IO.Compression;
using Microsoft.AspNetCore.Http;

namespace Leonardo.Simulator;

/// <summary>
/// Scripted replies to a generation that was created and charged. Whatever they state, the invoice is correct.
/// </summary>
internal static class FaultyReplies
{
    private const int HugeBytes = 10 * 1024 * 1024;

    private static readonly Dictionary<string, Func<HttpContext, Account, Generation, Task>> Replacements = new(StringComparer.Ordinal)
    {
        ["error-500-after"] = (context, _, _) => Replies.ServiceError.WriteAsync(context),
        ["hang-after"] = (context, _, _) => Wire.HangAsync(context),
        ["reset-after"] = (context, _, _) => Synchronously(() => Wire.Reset(context)),
        ["fin-after"] = (context, _, _) => Synchronously(() => Wire.Close(context)),
        ["half-json"] = (context, account, made) => Wire.TruncateAsync(context, CreateSuccess(account, made).Body),
        ["garbage"] = (context, _, _) => Refusals.Garbage.WriteAsync(context),
        ["empty-200"] = (context, _, _) => new Reply(200, []).WriteAsync(context),
        ["html-200"] = (context, _, _) => Refusals.HtmlPage.WriteAsync(context),
        ["wrong-content-type"] = (context, account, made) =>
            (CreateSuccess(account, made) with { ContentType = "text/plain" }).WriteAsync(context),
        ["flat-success"] = (context, _, made) =>
            Replies.Json(new { generationId = made.Id, apiCreditCost = made.Credits }).WriteAsync(context),
        ["missing-cost"] = (context, _, made) => Replies.Json(new { generate = new { generationId = made.Id } }).WriteAsync(context),
        ["credits-cost"] = (context, _, made) =>
            WithCost(made, made.Credits.ToString(CultureInfo.InvariantCulture), "CREDITS").WriteAsync(context),
        ["credits-140"] = (context, _, made) => WithCredits(made, 140).WriteAsync(context),
        ["zero-cost"] = (context, _, made) => WithCredits(made, 0).WriteAsync(context),
        ["negative-cost"] = (context, _, made) => WithCost(made, "-1.0000", "DOLLARS").WriteAsync(context),
        ["absurd-cost"] = (context, _, made) => WithCost(made, "99999999999999999999999999.99", "DOLLARS").WriteAsync(context),
        ["huge-body"] = (context, account, made) =>
            Replies.Json(new { generate = DescribeCreation(account, made), padding = new string('x', HugeBytes) }).WriteAsync(context),
        ["endless-body"] = (context, _, _) => Wire.EndlessAsync(context, Reply.JsonType),
        ["slow-body"] = (context, account, made) => Wire.DripAsync(context, Reply.JsonType, CreateSuccess(account, made).Body, portion: 1),
        ["bad-id"] = (context, _, _) => WithId("not-a-uuid").WriteAsync(context),
        ["crlf-id"] = (context, _, made) => WithId($"{made.Id}\r\nX-Injected: 1").WriteAsync(context),
        ["duplicate-id"] = (context, account, made) => CreateSuccess(account, account.FindPrevious(made) ?? made).WriteAsync(context),
        ["set-cookie"] = SetCookieAsync,
        ["204-no-body"] = (context, _, _) => Synchronously(() => context.Response.StatusCode = 204),
        ["gzip-body"] = GzipAsync,
    };

    /// <summary>States that many times the cost: <c>cost-factor:10</c>, <c>cost-factor:0.5</c>.</summary>
    private const string CostFactor = "cost-factor";

    public static IEnumerable<string> Names => Replacements.Keys.Append(CostFactor);

    public static Reply CreateSuccess(Account account, Generation made) => Replies.Json(new { generate = DescribeCreation(account, made) });

    public static Task AnswerAsync(HttpContext context, Account account, Fault? fault, Generation made) =>
        fault is { Name: CostFactor } ? WithCostFactor(made, fault.Argument).WriteAsync(context)
        : fault is not null && Replacements.TryGetValue(fault.Name, out var answer) ? answer(context, account, made)
        : CreateSuccess(account, made).WriteAsync(context);

    private static object DescribeCreation(Account account, Generation made)
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

    private static Reply WithCost(Generation made, string amount, string unit) =>
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

    private static Reply WithCostFactor(Generation made, string factor) =>
        WithCost(
            made,
            (made.Dollars * decimal.Parse(factor, CultureInfo.InvariantCulture)).ToString(CultureInfo.InvariantCulture),
            "DOLLARS"
        );

    private static Reply WithCredits(Generation made, int apiCreditCost) =>
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
        return CreateSuccess(account, made).WriteAsync(context);
    }

    private static Task GzipAsync(HttpContext context, Account account, Generation made)
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(CreateSuccess(account, made).Body);
        }

        context.Response.Headers.ContentEncoding = "gzip";
        return new Reply(200, packed.ToArray()).WriteAsync(context);
    }

    private static Task Synchronously(Action act)
    {
        act();
        return Task.CompletedTask;
    }
}
