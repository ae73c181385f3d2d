using Gateway.Edge;
using Gateway.Edge.Documentation;
using Gateway.Edge.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.Options;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Gateway.OpenApi;

/// <summary>
/// Describes what an operation does and takes: path and query parameters with their limits, headers, the body, and the
/// credential.
/// </summary>
internal sealed class OperationInputs(IOptions<ApiDocumentation> documentation) : IOperationFilter
{
    public const string Tenant = "tenant";
    public const string Operator = "operator";
    private const string Json = "application/json";
    private const string Form = "multipart/form-data";

    public static void AddCredentials(SwaggerGenOptions options)
    {
        options.AddSecurityDefinition(
            Tenant,
            Bearer(
                "A gateway token, or a JWT if OpenID Connect is configured. Not needed inside a trusted network, with a client certificate, or in a browser that is signed in."
            )
        );
        options.AddSecurityDefinition(
            Operator,
            Bearer(
                "A token of `Admin:TokenFile`; not needed in a browser that is signed in as an operator. Without that setting or `SignIn:OperatorClaim` every `/admin` route answers 404."
            )
        );
    }

    public void Apply(OpenApiOperation operation, OperationFilterContext context)
    {
        var documented = context.ApiDescription.ToOperation();
        // Not the comments of the handler.
        operation.Summary = documented.Metadata.OfType<IEndpointSummaryMetadata>().LastOrDefault()?.Summary;
        operation.Description = documented.Metadata.OfType<IEndpointDescriptionMetadata>().LastOrDefault()?.Description;
        operation.Parameters ??= [];
        foreach (var parameter in operation.Parameters.OfType<OpenApiParameter>())
            parameter.Schema = documentation
                .Value.Parameters.Single(known => known.Name == parameter.Name && documented.IsUnder(known.Prefix))
                .Schema;
        foreach (var header in documented.Metadata.OfType<RequestHeaderMetadata>())
            operation.Parameters.Add(Describe(header));
        DescribeBody(operation, documented, context);
        operation.Security = documented.IsAdmin
            ? [Needs(Operator, context.Document)]
            : [new OpenApiSecurityRequirement(), Needs(Tenant, context.Document)];
    }

    private static OpenApiParameter Describe(RequestHeaderMetadata header) =>
        new()
        {
            Name = header.Name,
            In = ParameterLocation.Header,
            Description = header.Description,
            Schema = new OpenApiSchema
            {
                Type = JsonSchemaType.String,
                Pattern = header.Pattern,
                MaxLength = header.MaxLength,
            },
            Example = header.Example,
        };

    private void DescribeBody(OpenApiOperation operation, DocumentedOperation documented, OperationFilterContext context)
    {
        var body = operation.RequestBody as OpenApiRequestBody;
        if (body is not null && !documented.IsAdmin)
            body.Description =
                $"Strict JSON in UTF-8, at most {EdgeFeature.MaxBodyBytes / 1024} KiB, without duplicate or unknown members.";
        if (documented.Method == HttpMethods.Post && documentation.Value.Forms.TryGetValue(documented.Path, out var form))
        {
            body ??= new OpenApiRequestBody { Required = true };
            body.Content ??= new Dictionary<string, IOpenApiMediaType>(StringComparer.Ordinal);
            body.Content[Form] = new OpenApiMediaType { Schema = form.Schema };
            body.Description = form.Description;
        }
        else
            // A form that a route takes without saying so: with two media types, generators drop the file.
            body?.Content?.Remove(Form);
        operation.RequestBody = body;
        var type = context.ApiDescription.ParameterDescriptions.FirstOrDefault(parameter => parameter.Source.Id == "Body")?.Type;
        if (body?.Content?.TryGetValue(Json, out var media) == true)
            documentation.Value.AddExamples((OpenApiMediaType)media, type, Json);
    }

    private static OpenApiSecurityScheme Bearer(string description) =>
        new()
        {
            Type = SecuritySchemeType.Http,
            Scheme = "bearer",
            Description = description,
        };

    private static OpenApiSecurityRequirement Needs(string scheme, OpenApiDocument document) =>
        new() { [new OpenApiSecuritySchemeReference(scheme, document)] = [] };
}
