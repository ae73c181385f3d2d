using Gateway.Edge;
using Gateway.Edge.Documentation;
using Gateway.Edge.Problems;
using Gateway.Images;
using Gateway.Ledger;
using Gateway.Leonardo;
using Gateway.Reconciliation;
using Gateway.Results;
using Gateway.Uploads;
using Gateway.Webhooks;

namespace Gateway.Generations;

/// <summary>The product: create, quote, read.</summary>
internal static class GenerationsFeature
{
    public static void AddGenerations(this IServiceCollection services, Settings settings)
    {
        // Whatever may be under way when the process is told to stop: waiting for a slot, the upstream's answer, and recording it.
        services
            .AddOptions<HostOptions>()
            .Configure<LeonardoOptions, QuotaOptions>(
                (host, leonardo, quotas) => host.ShutdownTimeout = leonardo.Timeout + quotas.QueueTimeout + quotas.StoreTimeout
            );
        services.AddSingleton<ReferenceCheck>();
        services.AddSingleton<GenerationRequestReader>();
        services.AddSingleton<CreateGeneration>();
        services.AddSingleton<QuoteGeneration>();
        services.Configure<ApiDocumentation>(GenerationsDocumentation.Describe);
        services.AddResults(settings);
        services.AddImages(settings);
        services.AddUploads();
        services.AddReconciliation(settings);
        services.AddWebhooks(settings);
    }

    private const string CreateDescription = """
        The request is Leonardo's own, and so is the answer. It is validated whole, held to the tenant's quotas before anything is sent, and forwarded once.

        Send an `Idempotency-Key` if you may have to repeat the request: a connection that breaks says nothing about what was made.
        """;

    /// <summary>What any request with a generation in its body may be refused with before it is admitted.</summary>
    private static readonly ProblemType[] Unreadable =
    [
        ProblemTypes.MalformedRequest,
        ProblemTypes.Validation,
        ProblemTypes.Unidentified,
        ProblemTypes.Policy,
        ProblemTypes.Suspended,
        ProblemTypes.HostNotAllowed,
        ProblemTypes.TooLarge,
        ProblemTypes.UnsupportedMediaType,
    ];

    public static void MapGenerations(this IEndpointRouteBuilder routes)
    {
        var create = routes.ServiceProvider.GetRequiredService<CreateGeneration>();
        var quote = routes.ServiceProvider.GetRequiredService<QuoteGeneration>();
        routes
            .MapPost("/v2/generations", create.HandleAsync)
            .WithTags("Generations")
            .WithSummary("Make images")
            .WithDescription(CreateDescription)
            .Accepts<GenerationBody>("application/json")
            .Produces<GenerationCreated>()
            .Produces<GenerationCreated>(StatusCodes.Status202Accepted)
            .WithMetadata(IdempotencyKey.Described, PreferWait.Metadata)
            .ProducesProblems(Unreadable)
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
            .MapPost("/v2/generations/quote", quote.HandleAsync)
            .WithTags("Generations")
            .WithSummary("Ask what a request would cost")
            .WithDescription("The same body and the same validation; nothing is sent and nothing is reserved.")
            .Accepts<GenerationBody>("application/json")
            .Produces<QuoteAnswer>()
            .ProducesProblems(Unreadable)
            .ProducesProblems(ProblemTypes.StoreUnavailable);
        routes.MapResults();
        routes.MapUploads();
    }
}
