using System.Reflection;
using Gateway.Edge;
using Microsoft.OpenApi;

namespace Gateway.OpenApi;

/// <summary>The OpenAPI document and Swagger UI. Every limit in it is read from the rules; all of it works without a network.</summary>
internal static class OpenApiFeature
{
    private const string Ui = "OpenApi:Ui";

    public static void AddOpenApi(this IServiceCollection services, Settings settings)
    {
        // Used later; a fault is told with all others.
        settings.Flag(Ui, defaultValue: true);
        services.AddEndpointsApiExplorer();
        services.AddSwaggerGen(options =>
        {
            options.SwaggerDoc("v1", Info());
            options.IncludeXmlComments(Assembly.GetExecutingAssembly());
            options.SupportNonNullableReferenceTypes();
            options.SchemaFilter<RequestSchemas>();
            options.SchemaFilter<AnswerSchemas>();
            // In this order: what can be refused depends on what is taken, and headers are put on all answers.
            options.OperationFilter<OperationInputs>();
            options.OperationFilter<OperationAnswers>();
            options.OperationFilter<AnswerHeaders>();
            options.DocumentFilter<ProblemSchema>();
            options.DocumentFilter<AnswerHeaders>();
            OperationInputs.AddCredentials(options);
        });
    }

    public static void UseOpenApi(this WebApplication app, Settings settings)
    {
        app.UseSwagger();
        if (!settings.Flag(Ui, defaultValue: true))
            return;
        app.UseSwaggerUI(options =>
        {
            options.SwaggerEndpoint("/swagger/v1/swagger.json", "Leonardo gateway");
            options.DocumentTitle = "Leonardo gateway";
            options.EnableTryItOutByDefault();
            options.DisplayRequestDuration();
            // Threats F2: the page takes no configuration from its address.
            options.ConfigObject.AdditionalItems["queryConfigEnabled"] = false;
            options.ConfigObject.AdditionalItems["validatorUrl"] = null!;
        });
    }

    private static OpenApiInfo Info() =>
        new()
        {
            Title = "Leonardo gateway",
            Version = "v1",
            Description = """
                Images from Leonardo.AI for teams inside the organisation. The requests are Leonardo's own; the gateway holds the key, knows which tenant is
                calling, and holds it to its quotas. No key is needed here.

                Start with `POST /v2/generations`: the example can be executed as it stands. `POST /v2/generations/quote` says what a request would cost
                without making it, `GET /v2/models` what is allowed, `GET /v1/usage` who you are to the gateway and what is left.

                Every refusal is `application/problem+json`; its `type` is a page of this gateway that says what to do: [all problems](/problems).
                A path that is not here is refused with 404 `not-found`, a method that is not here with 405 `method-not-allowed` and `Allow`.
                """,
        };
}
