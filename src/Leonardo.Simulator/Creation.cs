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

        var fault = script.Take(context, Faults.PostTarget);
        if (fault is not null && !Faults.Exists(Faults.PostTarget, fault.Name))
        {
            await Faults.CreateUnknownReply(fault).WriteAsync(context);
            return;
        }

        if (fault is not null && await Refusals.TryAnswerAsync(context, account, fault))
        {
            return;
        }

        var body = context.Features.GetRequiredFeature<ReceivedRequest>().Body;
        var (request, refusal) = BodyRules.Parse(body, account.Options.DefaultQuantity);
        if (request is null)
        {
            await refusal!.WriteAsync(context);
            return;
        }

        (var generation, refusal) = account.Create(request, Faults.GetEnding(fault));
        if (generation is null)
        {
            await refusal!.WriteAsync(context);
            return;
        }

        await Faults.DelayAsync(context, fault);
        await FaultyReplies.AnswerAsync(context, account, fault, generation);
    }
}
