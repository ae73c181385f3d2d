using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Leonardo.Simulator;

/// <summary><c>POST /v2/generations</c>.</summary>
internal sealed class Creation(Account account, FaultScript script)
{
    public async Task PostAsync(HttpContext context)
    {
        if (!account.AllowsCreation())
        {
            await Replies.TooManyRequests.WriteAsync(context);
            return;
        }

        var fault = script.Take(context, Faults.Post);
        if (fault is not null && !Faults.Exists(Faults.Post, fault.Name))
        {
            await Faults.Unknown(fault).WriteAsync(context);
            return;
        }

        if (fault is not null && await Refusals.AnswersAsync(context, account, fault))
        {
            return;
        }

        var body = context.Features.GetRequiredFeature<ReceivedRequest>().Body;
        var (request, refusal) = BodyRules.Read(body, account.Options.DefaultQuantity);
        if (request is null)
        {
            await refusal!.WriteAsync(context);
            return;
        }

        (var made, refusal) = account.Create(request, Faults.EndingOf(fault));
        if (made is null)
        {
            await refusal!.WriteAsync(context);
            return;
        }

        await Faults.DelayAsync(context, fault);
        await LyingAnswers.AnswerAsync(context, account, fault, made);
    }
}
