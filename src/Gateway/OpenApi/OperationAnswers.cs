using System.Globalization;
using Gateway.Edge.Problems;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Gateway.OpenApi;

/// <summary>Adds to each operation the refusals it can give, grouped by status, with an example of each problem; and to its other answers their form.</summary>
internal sealed class OperationAnswers : IOperationFilter
{
    /// <summary>What can be refused before it is looked at which route it is for, or because of a bug.</summary>
    private static readonly ProblemType[] Everywhere = [ProblemTypes.MalformedRequest, ProblemTypes.QuotaExceeded, ProblemTypes.Internal];

    public void Apply(OpenApiOperation operation, OperationFilterContext context)
    {
        operation.Responses ??= [];
        var declared = context.ApiDescription.ActionDescriptor.EndpointMetadata.OfType<IProducesResponseTypeMetadata>().ToArray();
        foreach (var answer in declared)
            Describe(
                OperationName.Of(context.ApiDescription),
                (OpenApiResponse)operation.Responses[answer.StatusCode.ToString(CultureInfo.InvariantCulture)],
                answer
            );
        // What a route answers with is what it can be asked not to answer with.
        var isNegotiated = declared.Any(answer => answer.ContentTypes.Any());
        foreach (var group in Refusals(operation, context, isNegotiated).GroupBy(refusal => refusal.Status).OrderBy(group => group.Key))
            operation.Responses[group.Key.ToString(CultureInfo.InvariantCulture)] = Refusal(
                group.Key,
                [.. group.Select(refusal => refusal.Type)],
                context.Document
            );
    }

    private static IEnumerable<(ProblemType Type, int Status)> Refusals(
        OpenApiOperation operation,
        OperationFilterContext context,
        bool isNegotiated
    )
    {
        var own = context
            .ApiDescription.ActionDescriptor.EndpointMetadata.OfType<ProducesProblemsMetadata>()
            .SelectMany(refuses => refuses.Types)
            .ToArray();
        foreach (var type in own.Concat(Everywhere).Concat(isNegotiated ? [ProblemTypes.NotAcceptable] : []).Distinct())
        {
            yield return (type, type.Status);
            // A request without a body can't be too slow with it.
            if (type != ProblemTypes.MalformedRequest || operation.RequestBody is not null || own.Contains(type))
            {
                foreach (var status in type.OtherStatuses)
                    yield return (type, status);
            }
        }
    }

    private static OpenApiResponse Refusal(int status, ProblemType[] types, OpenApiDocument document) =>
        new()
        {
            Description = string.Join("; ", types.Select(type => $"[`{type.Name}`]({type.Uri}): {type.Title}")),
            Content = new Dictionary<string, IOpenApiMediaType>(StringComparer.Ordinal)
            {
                ["application/problem+json"] = new OpenApiMediaType
                {
                    Schema = new OpenApiSchemaReference(ProblemSchema.Name, document),
                    Examples = types.ToDictionary(
                        type => type.Name,
                        type => (IOpenApiExample)new OpenApiExampleReference(ProblemSchema.ExampleOf(type, status), document),
                        StringComparer.Ordinal
                    ),
                },
            },
        };

    private static void Describe(OperationName name, OpenApiResponse response, IProducesResponseTypeMetadata answer)
    {
        response.Description = Meaning(name, answer.StatusCode);
        if (name.IsImage)
            response.Content = answer.ContentTypes.ToDictionary(
                type => type,
                _ => (IOpenApiMediaType)new OpenApiMediaType { Schema = SchemaRules.Binary() },
                StringComparer.Ordinal
            );
        foreach (var type in answer.ContentTypes)
            Examples.Put((OpenApiMediaType)response.Content![type], answer.Type, type);
    }

    private static string Meaning(OperationName name, int status) =>
        status switch
        {
            StatusCodes.Status202Accepted =>
                "Made and charged, but with `Prefer: wait=N` it did not end in time, or it could not be recorded yet: read it at `Location`, after `Retry-After`.",
            StatusCodes.Status204NoContent when name.IsUpload => "The file is stored.",
            StatusCodes.Status204NoContent => "There will be no more events than the caller has seen.",
            StatusCodes.Status206PartialContent => "The part that `Range` asks for.",
            StatusCodes.Status304NotModified => "The caller has the image already.",
            _ => "Done.",
        };
}
