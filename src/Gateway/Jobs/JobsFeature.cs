using Gateway.Edge.Documentation;
using Gateway.Edge.Problems;
using Gateway.Results;
using Gateway.Tenants.Identification;

namespace Gateway.Jobs;

/// <summary>The durable queue: requests that are answered at once and sent when their turn comes.</summary>
internal static class JobsFeature
{
    private static readonly ProblemType[] IdentificationProblems = [.. CallerProblems.All, ProblemTypes.StoreUnavailable];

    public static void AddJobs(this IServiceCollection services)
    {
        services.AddSingleton<JobEndpoints>();
        services.AddHostedService<JobSender>();
        services.Configure<ApiDocumentation>(JobsDocumentation.Describe);
    }

    public static void MapJobs(this IEndpointRouteBuilder routes)
    {
        var jobs = routes.ServiceProvider.GetRequiredService<JobEndpoints>();
        routes
            .MapGet("/v1/jobs/{id}", jobs.GetAsync)
            .WithTags("Jobs")
            .WithOperationId("getJob")
            .WithSummary("Get a job")
            .WithDescription(
                "Where it stands in the queue, and its generation once there is one. `Prefer: wait=N` delays the answer until the job has ended; "
                    + "`Accept: text/event-stream` sends `status` events until then, whose `data` is this answer; "
                    + "with `Last-Event-ID` only newer ones, or 204 if there will be none."
            )
            .Produces<JobFound>(contentType: "application/json", additionalContentTypes: "text/event-stream")
            .WithMetadata(PreferWait.Metadata)
            .ProducesProblems(IdentificationProblems)
            .ProducesProblems(ProblemTypes.NotFound);
        routes
            .MapGet("/v1/jobs", jobs.ListAsync)
            .WithTags("Jobs")
            .WithOperationId("listJobs")
            .WithSummary("List your jobs")
            .WithDescription("Those of your tenant, newest first. `next` is the `after` of the following page.")
            .Produces<JobList>()
            .ProducesProblems(IdentificationProblems)
            .ProducesProblems(ProblemTypes.Validation);
        routes
            .MapDelete("/v1/jobs/{id}", jobs.CancelAsync)
            .WithTags("Jobs")
            .WithOperationId("cancelJob")
            .WithSummary("Cancel a job")
            .WithDescription("One that is queued: it is never sent, and what it held is released. Cancelling it again has the same answer.")
            .Produces<JobFound>()
            .ProducesProblems(IdentificationProblems)
            .ProducesProblems(ProblemTypes.NotFound, ProblemTypes.JobNotQueued);
    }
}
