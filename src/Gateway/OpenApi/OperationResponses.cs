using System.Globalization;
using Gateway.Edge.Documentation;
using Gateway.Edge.Problems;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Options;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Gateway.OpenApi;

/// <summary>
/// Adds to each operation the problems it can answer with, grouped by status, with an example of each;
/// and to its other responses their descriptions and examples.
/// </summary>
internal sealed class OperationResponses(IOptions<ApiDocumentation> documentation) : IOperationFilter
{
    /// <summary>Problems of every route: they arise before routing, or from a bug.</summary>
    private static readonly ProblemType[] Everywhere = [ProblemTypes.MalformedRequest, ProblemTypes.QuotaExceeded, ProblemTypes.Internal];

    public void Apply(OpenApiOperation operation, OperationFilterContext context)
    {
        operation.Responses ??= [];
        var documented = context.ApiDescription.ToOperation();
        var declared = documented.Metadata.OfType<IProducesResponseTypeMetadata>().ToArray();
        foreach (var answer in declared)
        {
            var response = (OpenApiResponse)operation.Responses[answer.StatusCode.ToString(CultureInfo.InvariantCulture)];
            Describe(documented, response, answer);
        }
        // A route that has a representation can be asked for another one.
        var isNegotiated = declared.Any(answer => answer.ContentTypes.Any());
        foreach (var group in Refusals(operation, documented, isNegotiated).GroupBy(refusal => refusal.Status).OrderBy(group => group.Key))
            operation.Responses[group.Key.ToString(CultureInfo.InvariantCulture)] = Refusal(
                group.Key,
                [.. group.Select(refusal => refusal.Type)],
                context.Document
            );
    }

    private static IEnumerable<(ProblemType Type, int Status)> Refusals(
        OpenApiOperation operation,
        DocumentedOperation documented,
        bool isNegotiated
    )
    {
        var own = documented.Metadata.OfType<ProducesProblemsMetadata>().SelectMany(problems => problems.Types).ToArray();
        foreach (var type in own.Concat(Everywhere).Concat(isNegotiated ? [ProblemTypes.NotAcceptable] : []).Distinct())
        {
            yield return (type, type.Status);
            // Only a request with a body can send it too slowly (408).
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
            // Plain words: generators make the message of an exception from it.
            Description = $"{ReasonPhrases.GetReasonPhrase(status)}: {string.Join(", ", types.Select(type => type.Name))}",
            Content = new Dictionary<string, IOpenApiMediaType>(StringComparer.Ordinal)
            {
                ["application/problem+json"] = new OpenApiMediaType
                {
                    Schema = new OpenApiSchemaReference(ProblemSchema.Name, document),
                    Examples = types.ToDictionary(
                        type => type.Name,
                        type => (IOpenApiExample)new OpenApiExampleReference(ProblemSchema.ExampleName(type, status), document),
                        StringComparer.Ordinal
                    ),
                },
            },
        };

    private void Describe(DocumentedOperation operation, OpenApiResponse response, IProducesResponseTypeMetadata answer)
    {
        response.Description =
            documentation
                .Value.Answers.Where(known => known.Status == answer.StatusCode && operation.IsUnder(known.Prefix))
                .Select(known => known.Description)
                .FirstOrDefault()
            ?? "Done.";
        foreach (var type in answer.ContentTypes)
        {
            if (type.StartsWith("image/", StringComparison.Ordinal))
                (response.Content ??= new Dictionary<string, IOpenApiMediaType>(StringComparer.Ordinal))[type] = new OpenApiMediaType
                {
                    Schema = SchemaRules.Binary(),
                };
            else
                documentation.Value.AddExamples((OpenApiMediaType)response.Content![type], answer.Type, type);
        }
    }
}
