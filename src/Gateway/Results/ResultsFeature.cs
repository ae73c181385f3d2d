using Gateway.Edge;
using Gateway.Edge.Documentation;
using Gateway.Edge.Http;
using Gateway.Edge.Problems;
using Gateway.Generations;
using Gateway.Images;

namespace Gateway.Results;

/// <summary>What became of generations: the watcher that asks, the register that remembers, the routes that tell.</summary>
internal static class ResultsFeature
{
    private static readonly ProblemType[] Strangers =
    [
        ProblemTypes.Unidentified,
        ProblemTypes.Suspended,
        ProblemTypes.HostNotAllowed,
        ProblemTypes.StoreUnavailable,
    ];

    public static void AddResults(this IServiceCollection services, Settings settings)
    {
        services.AddSingleton(WatcherOptions.Read(settings));
        services.AddSingleton<GenerationRepository>();
        services.AddSingleton<ReferenceCheck>();
        services.AddSingleton<PollQueue>();
        services.AddSingleton<CompletionWaiters>();
        services.AddSingleton<GenerationEventStream>();
        services.AddSingleton<ResultEndpoints>();
        services.AddSingleton<Watcher>();
        services.AddHostedService(provider => provider.GetRequiredService<Watcher>());
        services.Configure<ApiDocumentation>(ResultsDocumentation.Describe);
        services.AddHealthChecks().AddCheck<WatcherHealth>("watcher");
    }

    public static void MapResults(this IEndpointRouteBuilder routes)
    {
        var reading = routes.ServiceProvider.GetRequiredService<ResultEndpoints>();
        routes
            .MapGet("/v1/generations/{id}", reading.GetAsync)
            .WithTags("Generations")
            .WithSummary("See what became of a generation")
            .WithDescription(
                "As Leonardo answers, with the gateway's own image addresses. `Prefer: wait=N` holds the answer until it has ended; "
                    + "`Accept: text/event-stream` sends `status` events until then."
            )
            .Produces<GenerationFound>(contentType: "application/json", additionalContentTypes: "text/event-stream")
            .Produces(StatusCodes.Status204NoContent)
            .WithMetadata(
                PreferWait.Described,
                new RequestHeaderMetadata(
                    "Last-Event-ID",
                    "The `id` of the last event seen: only what is newer is sent, and 204 if nothing will be."
                )
                {
                    Pattern = "^[0-9]{1,9}$",
                }
            )
            .ProducesProblems(Strangers)
            .ProducesProblems(ProblemTypes.NotFound);
        routes
            .MapGet("/v1/generations", reading.ListAsync)
            .WithTags("Generations")
            .WithSummary("List your own generations, newest first")
            .Produces<GenerationList>()
            .ProducesProblems(Strangers)
            .ProducesProblems(ProblemTypes.Validation);
        routes
            .MapDelete("/v1/generations/{id}", reading.DeleteAsync)
            .WithTags("Generations")
            .WithSummary("Delete a generation and its images")
            .Produces<GenerationDeleted>()
            .ProducesProblems(Strangers)
            .ProducesProblems(
                ProblemTypes.NotFound,
                ProblemTypes.UpstreamCredentials,
                ProblemTypes.UpstreamSaturated,
                ProblemTypes.UpstreamUnreachable,
                ProblemTypes.UpstreamRejected
            );
        routes
            .MapMethods("/v1/generations/{id}/images/{imageId}", [HttpMethods.Get, HttpMethods.Head], reading.ImageAsync)
            .WithTags("Generations")
            .WithSummary("Download an image")
            .WithDescription("The image itself, streamed through the gateway. `Range`, `If-None-Match` and `If-Range` are understood.")
            .ProducesImage("image/jpeg", "image/png", "image/webp", "image/gif")
            .ProducesProblems(Strangers)
            .ProducesProblems(ProblemTypes.NotFound, ProblemTypes.RangeNotSatisfiable, ProblemTypes.UpstreamUnreachable);
    }
}
