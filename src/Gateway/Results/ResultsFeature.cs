using Gateway.Edge;
using Gateway.Edge.Documentation;
using Gateway.Edge.Http;
using Gateway.Edge.Problems;
using Gateway.Images;
using Gateway.Tenants.Identification;

namespace Gateway.Results;

/// <summary>
/// Results of generations: the watcher that polls the upstream, the record of owners, and the routes that read them.
/// </summary>
internal static class ResultsFeature
{
    private static readonly ProblemType[] IdentificationProblems = [.. CallerProblems.All, ProblemTypes.StoreUnavailable];

    public static void AddResults(this IServiceCollection services, Settings settings)
    {
        services.AddSingleton(WatcherOptions.Read(settings));
        services.AddSingleton<GenerationRepository>();
        services.AddSingleton<PollQueue>();
        services.AddSingleton<CompletionWaiters>();
        services.AddSingleton<StatusEventStream>();
        services.AddSingleton<JobRepository>();
        services.AddSingleton<JobReader>();
        services.AddSingleton<ResultEndpoints>();
        services.AddSingleton<Watcher>();
        services.AddHostedService(provider => provider.GetRequiredService<Watcher>());
        services.Configure<ApiDocumentation>(ResultsDocumentation.Describe);
        services.AddHostedService<ResultPruner>();
        services.AddHealthChecks().AddCheck<WatcherHealth>("watcher");
    }

    public static void MapResults(this IEndpointRouteBuilder routes)
    {
        var results = routes.ServiceProvider.GetRequiredService<ResultEndpoints>();
        routes
            .MapGet("/v1/generations/{id}", results.GetAsync)
            .WithTags("Generations")
            .WithOperationId("getGeneration")
            .WithSummary("Get a generation")
            .WithDescription(
                "As Leonardo answers, with the gateway's own image addresses. `Prefer: wait=N` delays the answer until the generation has ended; "
                    + "`Accept: text/event-stream` sends `status` events until then, whose `data` is this answer; "
                    + "with `Last-Event-ID` only newer ones, or 204 if there will be none."
            )
            .Produces<GenerationFound>(contentType: "application/json", additionalContentTypes: "text/event-stream")
            .WithMetadata(PreferWait.Metadata)
            .ProducesProblems(IdentificationProblems)
            .ProducesProblems(ProblemTypes.NotFound);
        routes
            .MapGet("/v1/generations", results.ListAsync)
            .WithTags("Generations")
            .WithOperationId("listGenerations")
            .WithSummary("List your generations")
            .WithDescription("Those of your tenant, newest first. `next` is the `after` of the following page.")
            .Produces<GenerationList>()
            .ProducesProblems(IdentificationProblems)
            .ProducesProblems(ProblemTypes.Validation);
        routes
            .MapDelete("/v1/generations/{id}", results.DeleteAsync)
            .WithTags("Generations")
            .WithOperationId("deleteGeneration")
            .WithSummary("Delete a generation")
            .WithDescription(
                "Deletes it and its images at Leonardo and here. One that still runs is gone here at once, keeps its charge, and is deleted "
                    + "at Leonardo when it has ended."
            )
            .Produces<GenerationDeleted>()
            .ProducesProblems(IdentificationProblems)
            .ProducesProblems(
                ProblemTypes.NotFound,
                ProblemTypes.UpstreamCredentials,
                ProblemTypes.UpstreamSaturated,
                ProblemTypes.UpstreamUnreachable,
                ProblemTypes.UpstreamRejected
            );
        MapImages(routes, results);
    }

    private static void MapImages(IEndpointRouteBuilder routes, ResultEndpoints results) =>
        routes
            .MapMethods("/v1/generations/{id}/images/{imageId}", [HttpMethods.Get, HttpMethods.Head], results.ImageAsync)
            .WithTags("Generations")
            .WithOperationId("getImage")
            .WithSummary("Download an image")
            .WithDescription(
                "The image itself, streamed through the gateway; with `width` a thumbnail of it in WebP. `Range`, `If-Range` and `If-None-Match` work as in RFC 9110: one range "
                    + "of bytes is answered with 206, and a known `ETag` with 304."
            )
            .ProducesImage("image/jpeg", "image/png", "image/webp", "image/gif")
            .ProducesProblems(IdentificationProblems)
            .ProducesProblems(
                ProblemTypes.Validation,
                ProblemTypes.NotFound,
                ProblemTypes.RangeNotSatisfiable,
                ProblemTypes.UnsupportedMediaType,
                ProblemTypes.UpstreamUnreachable,
                ProblemTypes.UpstreamSaturated
            );
}
