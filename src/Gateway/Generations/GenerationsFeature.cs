using Gateway.Edge;
using Gateway.Edge.Documentation;
using Gateway.Edge.Http;
using Gateway.Edge.Problems;
using Gateway.Ledger;
using Gateway.Leonardo;
using Gateway.Results;
using Gateway.Tenants.Identification;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Gateway.Generations;

/// <summary>Making images, and asking what they would cost.</summary>
internal static class GenerationsFeature
{
    public static void AddGenerations(this IServiceCollection services)
    {
        // What may be under way when the process is asked to stop: Leonardo's reply, and recording it.
        services
            .AddOptions<HostOptions>()
            .Configure<LeonardoOptions>((host, leonardo) => host.ShutdownTimeout = leonardo.Timeout + TimeSpan.FromSeconds(10));
        services.AddSingleton<GenerationRequestReader>();
        services.AddSingleton<PendingAnswers>();
        services.AddHostedService(provider =>
        {
            var answers = provider.GetRequiredService<PendingAnswers>();
            provider.GetRequiredService<QuotaLedger>().Answers.CallersRecordedUntil = answers.RecordedUntil;
            return answers;
        });
        services.AddSingleton<CreateGeneration>();
        services.AddSingleton<QuoteGeneration>();
        services.Configure<ApiDocumentation>(GenerationsDocumentation.Describe);
        services.Configure<RightRoutes>(AddRightRoutes);
        services.Configure<KestrelServerOptions>(IdempotencyKey.ReadAnyBytes);
        services.AddSingleton<GenerationEndpoints>();
        services.AddSingleton<ReferenceCheck>();
    }

    /// <summary>Most code written for Leonardo asks for images with <c>POST /v1/generations</c>.</summary>
    private static void AddRightRoutes(RightRoutes routes)
    {
        routes.Add(
            HttpMethods.Post,
            "/v1/generations",
            "Images are not requested here. Nothing was reserved or sent. Use POST /v2/generations, whose body is "
                + """{"model":"…","parameters":{"prompt":"…"}}; GET /v2/models lists the models. GET /v1/generations lists what was made."""
        );
        routes.Add(
            HttpMethods.Get,
            "/v2/generations",
            "Generations are not read here. Nothing was reserved or sent. Use GET /v1/generations for the list, "
                + "or GET /v1/generations/{id} for one of them. POST /v2/generations makes images."
        );
    }

    private const string CreateDescription = """
        Request and answer are Leonardo's own. The request is validated, admitted against the tenant's quotas before anything is sent, and forwarded once.

        Send an `Idempotency-Key` if you may have to repeat the request: after a broken connection you cannot know whether images were made.
        Without a key an equal request gets the earlier result, with `Idempotency-Replayed: true` and without a charge, if nobody received that result within the last ten minutes. A result that was delivered is not given again.
        """;

    /// <summary>The refusals of a request before it is admitted.</summary>
    private static readonly ProblemType[] RequestProblems =
    [
        ProblemTypes.MalformedRequest,
        ProblemTypes.Validation,
        .. CallerProblems.All,
        ProblemTypes.Policy,
        ProblemTypes.TooLarge,
        ProblemTypes.UnsupportedMediaType,
    ];

    public static void MapGenerations(this IEndpointRouteBuilder routes)
    {
        var endpoints = routes.ServiceProvider.GetRequiredService<GenerationEndpoints>();
        routes
            .MapPost("/v2/generations", endpoints.CreateAsync)
            .WithTags("Generations")
            .WithOperationId("createGeneration")
            .WithSummary("Make images")
            .WithDescription(CreateDescription)
            .Accepts<GenerationBody>("application/json")
            .Produces<GenerationCreated>()
            .Produces<GenerationCreated>(StatusCodes.Status202Accepted)
            .WithMetadata(IdempotencyKey.Described, PreferWait.CreationMetadata, UserLabel.Described)
            .ProducesProblems(RequestProblems)
            .ProducesProblems(
                ProblemTypes.IdempotencyInProgress,
                ProblemTypes.IdempotencyMismatch,
                ProblemTypes.QuotaExceeded,
                ProblemTypes.UpstreamRejected,
                ProblemTypes.UpstreamCredentials,
                ProblemTypes.UpstreamUnreachable,
                ProblemTypes.UpstreamOutOfCredit,
                ProblemTypes.UpstreamSaturated,
                ProblemTypes.StoreUnavailable,
                ProblemTypes.OutcomeUnknown
            );
        routes
            .MapPost("/v2/generations/quote", endpoints.QuoteAsync)
            .WithTags("Generations")
            .WithOperationId("quoteGeneration")
            .WithSummary("Quote a request")
            .WithDescription(
                "What the request would cost, and whether it would be admitted now. The same body and the same validation; "
                    + "nothing is sent and nothing is reserved."
            )
            .Accepts<GenerationBody>("application/json")
            .Produces<QuoteAnswer>()
            .ProducesProblems(RequestProblems)
            .ProducesProblems(ProblemTypes.StoreUnavailable);
    }
}
