using Gateway.Admin;
using Gateway.Edge;
using Gateway.Edge.Http;
using Gateway.Results;
using Gateway.Storage;
using Gateway.Uploads;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Gateway.OpenApi;

/// <summary>Writes what an operation takes: the limits of its path and query, its headers, its body, and the credential.</summary>
internal sealed class OperationInputs : IOperationFilter
{
    private const string Tenant = "tenant";
    private const string Operator = "operator";
    private const string Form = "multipart/form-data";

    private static readonly Dictionary<string, Action<OpenApiSchema>> Path = new(StringComparer.Ordinal)
    {
        ["id"] = SchemaRules.Uuid,
        ["imageId"] = SchemaRules.Uuid,
        ["reservationId"] = SchemaRules.Uuid,
        ["token"] = SchemaRules.Matching("^[A-Za-z0-9_-]{43}$"),
    };

    /// <summary>By path and name; the schema of a text where there is none.</summary>
    private static readonly Dictionary<(string Path, string Name), OpenApiSchema> Query = new()
    {
        [("/v1/generations", "limit")] = SchemaRules.Whole(1, ResultEndpoints.MaxPage, ResultEndpoints.DefaultPage),
        [("/v1/generations", "after")] = Text(SchemaRules.Matching("^[A-Za-z0-9_-]+$")),
        [("/admin/usage", "from")] = Text(SchemaRules.Day),
        [("/admin/usage", "to")] = Text(SchemaRules.Day),
        [("/admin/usage", "by")] = Text(SchemaRules.OneOf("tenant,day", "day,tenant", "tenant", "day")),
        [("/admin/generations", "tenant")] = Text(SchemaRules.Tenant),
        [("/admin/generations", "state")] = Text(
            SchemaRules.OneOf("reserved", "forwarding", "unknown", "held", "settled", "released", "written-off", "stuck")
        ),
        [("/admin/generations", "before")] = Text(SchemaRules.Uuid),
        [("/admin/generations", "limit")] = SchemaRules.Whole(1, 200, 50),
        [("/admin/audit", "before")] = new OpenApiSchema { Type = JsonSchemaType.Integer, Format = "int64" },
        [("/admin/audit", "limit")] = SchemaRules.Whole(1, AuditEndpoint.MostLines, 100),
    };

    public static void AddCredentials(SwaggerGenOptions options)
    {
        options.AddSecurityDefinition(
            Tenant,
            Bearer(
                "A gateway token, or a JWT where OpenID Connect is set up. Inside a trusted network, or with a client certificate, none is needed."
            )
        );
        options.AddSecurityDefinition(Operator, Bearer("A token of `Admin:TokenFile`. Without that setting all of `/admin` is 404."));
    }

    public void Apply(OpenApiOperation operation, OperationFilterContext context)
    {
        var name = OperationName.Of(context.ApiDescription);
        operation.Parameters ??= [];
        foreach (var parameter in operation.Parameters.OfType<OpenApiParameter>())
            Limit(name, parameter);
        foreach (
            var header in context
                .ApiDescription.ActionDescriptor.EndpointMetadata.OfType<RequestHeaderMetadata>()
                .Append(RequestId.Described)
        )
            operation.Parameters.Add(Describe(header));
        if (name.IsUpload)
            operation.RequestBody = new OpenApiRequestBody
            {
                Required = true,
                Content = new Dictionary<string, IOpenApiMediaType>(StringComparer.Ordinal) { [Form] = new OpenApiMediaType() },
            };
        if (operation.RequestBody is OpenApiRequestBody body)
            Describe(name, body, context);
        operation.Security = name.IsAdmin
            ? [Needs(Operator, context.Document)]
            : [new OpenApiSecurityRequirement(), Needs(Tenant, context.Document)];
    }

    private static void Limit(OperationName name, OpenApiParameter parameter)
    {
        if (parameter.In == ParameterLocation.Query)
            parameter.Schema = Query[(name.Path, parameter.Name!)];
        else if (name.IsAdmin && parameter.Name == "id")
            SchemaRules.Tenant((OpenApiSchema)parameter.Schema!);
        else
            Path[parameter.Name!]((OpenApiSchema)parameter.Schema!);
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

    private static void Describe(OperationName name, OpenApiRequestBody body, OperationFilterContext context)
    {
        var type = context.ApiDescription.ParameterDescriptions.FirstOrDefault(parameter => parameter.Source.Id == "Body")?.Type;
        if (!name.IsAdmin)
            body.Description = body.Content!.ContainsKey(Form)
                ? $"JSON of at most {EdgeFeature.MaxBodyBytes / 1024} KiB, or a form with one file of at most {ReceivedFile.MaxBytes / 1_000_000} MB."
                : $"Strict JSON in UTF-8, at most {EdgeFeature.MaxBodyBytes / 1024} KiB: no duplicate member, and none that is not here.";
        if (name.IsUpload)
            body.Description = $"A form with one file of at most {ReceivedFile.MaxBytes / 1_000_000} MB.";
        foreach (var (format, media) in body.Content!)
        {
            if (format == Form)
                ((OpenApiMediaType)media).Schema = FileForm();
            else if (type is not null)
                Examples.Put((OpenApiMediaType)media, type, format);
        }
    }

    private static OpenApiSchema FileForm() =>
        new()
        {
            Type = JsonSchemaType.Object,
            Required = new HashSet<string>(["file"], StringComparer.Ordinal),
            Properties = new Dictionary<string, IOpenApiSchema>(StringComparer.Ordinal)
            {
                ["file"] = SchemaRules.Binary(
                    "PNG, JPEG or WebP, by its first bytes; the last part of the form. Other parts are passed over.",
                    (int)ReceivedFile.MaxBytes
                ),
            },
        };

    private static OpenApiSchema Text(Action<OpenApiSchema> rule)
    {
        var schema = SchemaRules.Text();
        rule(schema);
        return schema;
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
