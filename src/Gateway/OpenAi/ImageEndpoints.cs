using Gateway.Edge;
using Gateway.Edge.Http;
using Gateway.Edge.Problems;
using Gateway.Generations;
using Gateway.Quotas;
using Gateway.Tenants.Identification;

namespace Gateway.OpenAi;

/// <summary><c>POST images/generations</c> and <c>POST images/edits</c>, whose answer is the images.</summary>
internal sealed class ImageEndpoints(
    ImageRequestReader requests,
    EditReader edits,
    CreateGeneration generations,
    MadeImageReader images,
    ImageEventStream events,
    TenantStreams streams,
    TimeProvider time
)
{
    /// <summary>Below the time-outs of proxies; clients repeat a 504, and the repeat waits on.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(90);

    public Task GenerateAsync(HttpContext context, Caller caller) =>
        RunAsync(context, caller, () => requests.ReadJsonAsync(context.Request, caller.Tenant));

    public Task EditAsync(HttpContext context, Caller caller) => RunAsync(context, caller, () => edits.ReadAsync(context, caller.Tenant));

    private async Task RunAsync(HttpContext context, Caller caller, Func<Task<(ImageRequest? Request, Problem? Refusal)>> readAsync)
    {
        using var stream = streams.TryOpen(caller.Tenant.Id);
        // A malformed key is refused before the body is read.
        var (key, refusal) = IdempotencyKey.Read(context.Request);
        if (stream is null)
            refusal ??= streams.Exceeded(caller.Tenant.Id);
        ImageRequest? request = null;
        if (refusal is null)
            (request, refusal) = await readAsync();
        if (request is null)
        {
            await refusal!.ExecuteAsync(context);
            return;
        }
        // Later than the wait itself, which tells what was made from what was not.
        using var deadline = new CancellationTokenSource(LongestWait + TimeSpan.FromSeconds(1), time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, context.RequestAborted);
        var creation = new Creation(context, caller, request, key, deadline, either);
        await (request.IsStream ? StreamAsync(creation) : AnswerAsync(creation));
    }

    private async Task AnswerAsync(Creation creation)
    {
        var context = creation.Context;
        var (result, refusal) = await EndAsync(creation, CreateAsync(creation));
        if (result?.Answer is { } answer)
            AnswerReport.Attach(context, answer, time);
        MarkReplay(context, result);
        MadeImages? made = null;
        if (result is not null)
            (made, refusal) = await images.OpenAsync(context, creation.Caller.Tenant, result, creation.Request);
        if (made is null)
        {
            await refusal!.ExecuteAsync(context);
            return;
        }
        await using (made)
            await DeliverAsync(result, () => ImagesAnswer.WriteAsync(context, made, creation.Request));
    }

    /// <summary>Until it is admitted, a refusal is an answer with its status; from then on an event.</summary>
    private async Task StreamAsync(Creation creation)
    {
        var context = creation.Context;
        var admitted = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        var task = CreateAsync(creation, isReplay => admitted.TrySetResult(isReplay));
        await Task.WhenAny(task, admitted.Task);
        if (!admitted.Task.IsCompleted)
        {
            var (first, early) = await EndAsync(creation, task);
            MarkReplay(context, first);
            if (first is not CreationResult.Settled)
            {
                await (early ?? GenerationAnswer.ToProblem(first!)).ExecuteAsync(context);
                return;
            }
        }
        else if (await admitted.Task)
            context.Response.Headers[GenerationAccepted.ReplayedHeader] = "true";
        await ImageEventStream.BeginAsync(context.Response);
        var (result, refusal) = await EndAsync(creation, events.WaitAsync(context.Response, task));
        await DeliverAsync(result, () => WriteEventsAsync(creation, result, refusal));
    }

    /// <returns>Whether they are the images, complete, and not an error.</returns>
    private async Task<bool> WriteEventsAsync(Creation creation, CreationResult? result, Problem? refusal)
    {
        var context = creation.Context;
        MadeImages? made = null;
        try
        {
            if (result is not null)
                (made, refusal) = await images.OpenAsync(context, creation.Caller.Tenant, result, creation.Request);
        }
        catch (StoreUnavailableException)
        {
            refusal = StoreUnavailableException.ToProblem();
        }
        if (made is null)
        {
            await ImageEventStream.WriteErrorAsync(context.Response, refusal!);
            return false;
        }
        if (result?.Answer is { } answer)
            AnswerReport.AttachToStream(context, answer, time);
        await using (made)
            return await ImageEventStream.WriteImagesAsync(context, made, creation.Request);
    }

    /// <summary>
    /// What was not written completely is not delivered, whatever the connection shows: the next repeat gets it.
    /// </summary>
    private static async Task DeliverAsync(CreationResult? result, Func<Task<bool>> writeAsync)
    {
        var isWhole = false;
        try
        {
            isWhole = await writeAsync();
        }
        finally
        {
            if (!isWhole && result?.Answer is { } answer)
                await answer.HangUpAsync();
        }
    }

    private static void MarkReplay(HttpContext context, CreationResult? result)
    {
        if (result is { IsReplay: true })
            context.Response.Headers[GenerationAccepted.ReplayedHeader] = "true";
    }

    private Task<CreationResult> CreateAsync(Creation creation, Action<bool>? onAdmitted = null) =>
        generations.CreateAsync(
            creation.Request.Validated.From(creation.Context, creation.User),
            creation.Caller.Tenant,
            creation.Key,
            LongestWait,
            creation.Ended.Token,
            onAdmitted
        );

    /// <returns>The result, or why there is none: the time was up, or the store did not answer.</returns>
    private static async Task<(CreationResult? Result, Problem? Refusal)> EndAsync(Creation creation, Task<CreationResult> task)
    {
        try
        {
            var result = await task;
            // Writing the answer may take longer.
            creation.Deadline.CancelAfter(Timeout.InfiniteTimeSpan);
            return (result, null);
        }
        catch (OperationCanceledException)
            when (creation.Deadline.IsCancellationRequested && !creation.Context.RequestAborted.IsCancellationRequested)
        {
            return (null, MadeImageReader.TimedOut);
        }
        catch (StoreUnavailableException)
        {
            return (null, StoreUnavailableException.ToProblem());
        }
    }

    /// <param name="Ended">The caller has gone, or its time is up.</param>
    private sealed record Creation(
        HttpContext Context,
        Caller Caller,
        ImageRequest Request,
        string? Key,
        CancellationTokenSource Deadline,
        CancellationTokenSource Ended
    )
    {
        /// <summary>What the request itself says comes before what is known of its caller.</summary>
        public string? User => Caller.Label ?? Request.User ?? Caller.Subject;
    }
}
