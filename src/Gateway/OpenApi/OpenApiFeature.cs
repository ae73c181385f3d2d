using System.Reflection;
using Gateway.Edge;
using Gateway.Edge.Addresses;
using Microsoft.OpenApi;

namespace Gateway.OpenApi;

/// <summary>
/// The OpenAPI document and Swagger UI, which work without internet access. The features document their own routes.
/// </summary>
internal static class OpenApiFeature
{
    private const string Ui = "OpenApi:Ui";

    private const string TenantsIntroduction = """
        Images from Leonardo.AI for teams inside the organisation. Requests have Leonardo's own format; the gateway holds the key,
        identifies the calling tenant and enforces its quotas. You do not need a key.

        Start with `POST /v2/generations`: its first example can be executed as it stands. `POST /v2/generations/quote` returns the price
        of a request without making images, `GET /v2/models` what is allowed, `GET /v1/usage` which tenant you are and what is left.

        Every refusal is `application/problem+json`; its `type` is a page of this gateway that says what to do: [all problems](../problems).
        An unknown path answers 404 `not-found`, an unknown method 405 `method-not-allowed` with `Allow`. Every route is also served under
        `/api/rest`, as at Leonardo, and HEAD works wherever GET does.

        Lists of words that are not an enum here, and the members of answers, can grow.
        """;

    private const string OperatorsIntroduction = """
        For those who run the gateway: tenants and their quotas, charges, unknown outcomes, the state of the upstream, and the audit.
        Every route needs a token of `Admin:TokenFile`. Every refusal is `application/problem+json`.
        """;

    public static void AddOpenApi(this IServiceCollection services, Settings settings)
    {
        // Read here too, so that an invalid value is reported at start together with all other errors.
        settings.Flag(Ui, defaultValue: true);
        services.AddEndpointsApiExplorer();
        services.AddSwaggerGen(options =>
        {
            options.SwaggerDoc(DocumentNames.Tenants, Describe("Leonardo gateway", TenantsIntroduction));
            options.SwaggerDoc(DocumentNames.Operators, Describe("Leonardo gateway: operators", OperatorsIntroduction));
            options.IncludeXmlComments(Assembly.GetExecutingAssembly());
            options.SupportNonNullableReferenceTypes();
            options.DocInclusionPredicate(DocumentNames.Includes);
            options.CustomOperationIds(description => description.GetId()!);
            options.SchemaFilter<TypeSchemas>();
            // The order matters: the problems depend on whether there is a body, and the headers on all responses.
            options.OperationFilter<OperationInputs>();
            options.OperationFilter<OperationResponses>();
            options.OperationFilter<ResponseHeaders>();
            options.DocumentFilter<ProblemSchema>();
            options.DocumentFilter<ResponseHeaders>();
            options.DocumentFilter<DocumentTags>();
            OperationInputs.AddCredentials(options);
        });
    }

    public static void UseOpenApi(this WebApplication app, Settings settings)
    {
        if (!settings.Flag(Ui, defaultValue: true))
            return;
        app.UseMiddleware<ServedDocument>();
        app.UseSwaggerUI(options =>
        {
            options.SwaggerEndpoint("v1/swagger.json", "Leonardo gateway");
            options.DocumentTitle = "Leonardo gateway";
            options.EnableTryItOutByDefault();
            options.DisplayRequestDuration();
            // Folded.
            options.DefaultModelsExpandDepth(0);
            // T-F2: a link to Swagger UI must not be able to configure it.
            options.ConfigObject.AdditionalItems["queryConfigEnabled"] = false;
            options.ConfigObject.AdditionalItems["validatorUrl"] = null!;
        });
    }

    private static OpenApiInfo Describe(string title, string introduction) =>
        new()
        {
            Title = title,
            Version = "v1",
            Description = introduction,
            Contact = new OpenApiContact { Name = "The operator of this gateway" },
            License = new OpenApiLicense { Name = "MIT", Url = new Uri("https://opensource.org/license/mit") },
        };
}
